"""Import and export: a file is checked first, and what it would do is shown before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from pbxbridge.services.paging import within
from pbxbridge.services.people import Role
from pbxbridge.services.transfer.csv_format import LARGEST_FILE
from pbxbridge.services.transfer.desk import RUNNING, Job, Stage
from pbxbridge.services.transfer.importers import AUTO, FORMATS
from pbxbridge.services.transfer.plan import Action, Plan
from web.access import allow
from web.import_words import as_they_are, was_done, would_do
from web.pages.extension_form import LABELS
from web.portal import actor_of, portal_of
from web.render import fragment, html, page
from web.requests import page_of, read_form
from web.upload import read_upload, takes_upload

PATH = "/transfer"
PER_PAGE = 100
MOST_ERRORS = 1000
NAME_LENGTH = 100
ERRORS, LEFT_OUT = "errors", "left-out"
FORMAT_NAMES = {
    AUTO: "Find out by the columns",
    "pbxbridge": "pbxbridge",
    "freepbx": "FreePBX (Bulk Handler)",
    "fusionpbx": "FusionPBX",
}


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of the rows of a plan of one kind; ``of_kind`` is how many there are of each."""

    kind: str
    of_kind: Mapping[str, int]
    items: Sequence[Any]
    page: int
    pages: int


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get(PATH, show),
        web.post(PATH, upload),
        web.get(f"{PATH}/import", show_import),
        web.post(f"{PATH}/apply", apply),
        web.post(f"{PATH}/close", close),
        web.get(f"{PATH}/export", export, allow_head=False),
    ]


@allow(Role.ADMIN, Role.OPERATOR)
async def show(request: web.Request) -> web.StreamResponse:
    """Show the page: a file to fetch, and to administrators a file to send and its import."""
    return await _page(request)


@allow(Role.ADMIN)
async def show_import(request: web.Request) -> web.StreamResponse:
    """Return what the page shows of the import: what it asks for while one runs."""
    response = html(fragment(request, "transfer/import.html", **_import(request)))
    if portal_of(request).imports.job is None:
        response.headers["HX-Refresh"] = "true"  # somebody else has seen the result
    return response


@allow(Role.ADMIN)
@takes_upload
async def upload(request: web.Request) -> web.StreamResponse:
    """Take a file and begin to check it."""
    form = await read_upload(request, LARGEST_FILE)
    if not form.file_name:
        return await _page(request, status=422, error="Choose a file first.")
    file_name = "".join(c for c in form.file_name if c.isprintable())[:NAME_LENGTH]
    file_format = form.fields.get("format", AUTO)
    portal_of(request).imports.check(actor_of(request), file_name, form.data, file_format)
    raise web.HTTPSeeOther(PATH)


@allow(Role.ADMIN)
async def apply(request: web.Request) -> web.StreamResponse:
    """Begin to do what was shown."""
    form = await read_form(request)
    portal_of(request).imports.apply(actor_of(request), form.get("digest", ""))
    raise web.HTTPSeeOther(PATH)


@allow(Role.ADMIN)
async def close(request: web.Request) -> web.StreamResponse:
    """Forget the file."""
    portal_of(request).imports.close()
    raise web.HTTPSeeOther(PATH)


@allow(Role.ADMIN, Role.OPERATOR)
async def export(request: web.Request) -> web.StreamResponse:
    """Send all extensions as a CSV file, as they are read: no more than the list shows."""
    name = f"extensions-{datetime.now(UTC):%Y-%m-%d}.csv"
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
    )
    await response.prepare(request)
    async for part in portal_of(request).transfer.export():
        await response.write(part)
    return response


async def _page(request: web.Request, status: int = 200, error: str = "") -> web.Response:
    formats = [(name, FORMAT_NAMES.get(name, name)) for name in (AUTO, *FORMATS)]
    shown = _import(request) | {"formats": formats, "error": error}
    return await page(request, "transfer/transfer.html", status=status, **shown)


def _import(request: web.Request) -> dict[str, Any]:
    job = portal_of(request).imports.job
    return {
        "job": job,
        "is_running": job is not None and job.stage in RUNNING,
        "rows": _rows(request, job),
        "stages": Stage,
        "field_labels": LABELS,
        "would_do": would_do,
        "as_they_are": as_they_are,
        "was_done": was_done,
    }


def _rows(request: web.Request, job: Job | None) -> Rows | None:
    if job is None or job.plan is None or job.stage in RUNNING:
        return None
    kinds = _kinds(job.plan)
    asked = request.query.get("show", "")
    kind = asked if asked in kinds else next((name for name, some in kinds.items() if some), "")
    every = kinds.get(kind, ())
    number, pages = within(page_of(request), len(every), PER_PAGE)
    items = every[(number - 1) * PER_PAGE : number * PER_PAGE]
    return Rows(kind, {name: len(some) for name, some in kinds.items()}, items, number, pages)


def _kinds(plan: Plan) -> dict[str, Sequence[Any]]:
    """Return the rows by what becomes of them, the most urgent first."""
    by_action = {
        action.value: [row for row in plan.rows if row.action is action] for action in Action
    }
    errors = plan.errors[:MOST_ERRORS]
    return {ERRORS: errors, **(by_action if not errors else {}), LEFT_OUT: plan.left_out}
