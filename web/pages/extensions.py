"""The Extensions screen: the list, and the row editor that opens in it.

Every address answers a whole page to a plain browser and the part that changes to htmx.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from pbxbridge.errors import Invalid
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.services.extension_input import ExtensionInput, parse_extension
from pbxbridge.services.extension_list import ExtensionFilter
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.people import Role
from web.access import allow
from web.middleware.csrf import FIELD as CSRF_FIELD
from web.notices import notice_of, notify
from web.portal import actor_of, portal_of
from web.render import fragment, html, page, part_or_page
from web.requests import page_of, read_form, search_of, wants_fragment

LIST = "/extensions"
CHECKBOXES = ("monitored", "voicemail")
NEW_EXTENSION = ExtensionInput.model_construct(number="", caller_id_name="").model_dump()
ONE_ROW = "extensions/one_row.html"


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{number:[0-9]+}}"
    return [
        web.get(LIST, show_list),
        web.post(LIST, create),
        web.get(f"{LIST}/new", show_new),
        web.get(one, show_row),
        web.post(one, update),
        web.get(f"{one}/edit", show_editor),
        web.get(f"{one}/delete", ask_delete),
        web.post(f"{one}/delete", delete),
    ]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the list, searched by ``search``."""
    search = search_of(request)
    found = await portal_of(request).extensions.page(
        ExtensionFilter(search=search), page_of(request)
    )
    mirror = portal_of(request).mirror
    rows = [(view, mirror.state_of(view.number)) for view in found.items]
    return await page(
        request,
        "extensions/list.html",
        found=found,
        rows=rows,
        search=search,
        notice=notice_of(request),
        statuses=tuple(Status),
    )


@allow(Role.ADMIN, Role.OPERATOR)
async def show_row(request: web.Request) -> web.StreamResponse:
    """Show one row as the list has it: what Cancel and Done put back."""
    number = request.match_info["number"]
    view = await portal_of(request).extensions.get(number)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?search={number}")
    return _row(request, view)


@allow(Role.ADMIN)
async def show_new(request: web.Request) -> web.StreamResponse:
    """Open the editor of a new extension."""
    return await _editor(request, None, {})


@allow(Role.ADMIN, Role.OPERATOR)
async def show_editor(request: web.Request) -> web.StreamResponse:
    """Open the editor of one extension; the stored PIN is never sent."""
    view = await portal_of(request).extensions.get(request.match_info["number"])
    return await _editor(request, view, asdict(view) | {"voicemail_pin": ""})


@allow(Role.ADMIN)
async def create(request: web.Request) -> web.StreamResponse:
    """Create an extension, and show what its device must be told."""
    extensions, actor = portal_of(request).extensions, actor_of(request)
    values = extension_fields(await read_form(request))
    try:
        view, secret = await extensions.create(actor, parse_extension(values))
    except Invalid as invalid:
        return await _editor(request, None, values, invalid.fields)
    response = await part_or_page(
        request,
        "extensions/created.html",
        ONE_ROW,
        title="New extension",
        extension=view,
        state=_state(request, view),
        secret=secret,
    )
    notify(response, "created")
    return response


@allow(Role.ADMIN)
async def update(request: web.Request) -> web.StreamResponse:
    """Save an extension."""
    extensions, number = portal_of(request).extensions, request.match_info["number"]
    values = extension_fields(await read_form(request))
    try:
        view = await extensions.update(actor_of(request), number, values)
    except Invalid as invalid:
        return await _editor(request, await extensions.get(number), values, invalid.fields)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?search={number}&notice=saved")
    response = _row(request, view)
    notify(response, "saved")
    return response


@allow(Role.ADMIN)
async def ask_delete(request: web.Request) -> web.StreamResponse:
    """Ask, and say what will be lost."""
    view = await portal_of(request).extensions.get(request.match_info["number"])
    return await part_or_page(
        request, "extensions/delete.html", "question.html", title="Delete", extension=view
    )


@allow(Role.ADMIN)
async def delete(request: web.Request) -> web.StreamResponse:
    """Delete an extension."""
    await portal_of(request).extensions.delete(actor_of(request), request.match_info["number"])
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?notice=deleted")
    response = html("")
    notify(response, "deleted")
    return response


def extension_fields(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the editor's form says, as ``parse_extension`` takes it.

    A browser leaves an unticked box out.
    """
    values: dict[str, Any] = {name: value for name, value in form.items() if name != CSRF_FIELD}
    values |= {name: name in form for name in CHECKBOXES}
    return values


def _state(request: web.Request, view: ExtensionView) -> EndpointState:
    return portal_of(request).mirror.state_of(view.number)


def _row(request: web.Request, view: ExtensionView) -> web.Response:
    state = _state(request, view)
    return html(fragment(request, "extensions/row.html", extension=view, state=state))


async def _editor(
    request: web.Request,
    view: ExtensionView | None,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    return await part_or_page(
        request,
        "extensions/editor.html",
        ONE_ROW,
        title=f"Extension {view.number}" if view else "New extension",
        status=422 if errors else 200,
        extension=view,
        state=_state(request, view) if view else None,
        values=NEW_EXTENSION | dict(values),
        errors=errors or {},
        classes=await portal_of(request).extensions.classes_of_service(),
    )
