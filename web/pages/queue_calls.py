"""The log of the queues' calls: to read, and to export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from pbxbridge.errors import Invalid
from pbxbridge.mirror.queue_member import AGENT
from pbxbridge.services.call_centre.call_log_filter import CallLogFilter, parse_call_filter
from pbxbridge.services.call_centre.queue_call import Outcome, QueueCall
from web.access import signed_in
from web.managers import require_manager
from web.navigation import CALL_LOG
from web.portal import portal_of
from web.render import page
from web.requests import older_than

SEARCHED = ("queue", "search", "from", "to")
# The class of its colour, and the words.
OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    Outcome.ANSWERED: ("good", "Answered"),
    Outcome.TRANSFERRED: ("good", "Answered, transferred"),
    Outcome.ABANDONED: ("bad", "Abandoned"),
    Outcome.TOO_LONG: ("warn", "Waited too long"),
    Outcome.NOBODY: ("warn", "Nobody was there"),
    Outcome.BY_KEY: ("calm", "Left by a key"),
    Outcome.FAILED: ("bad", "Failed"),
    Outcome.TALKING: ("calm", "Talking"),
    Outcome.WAITING: ("calm", "Waiting"),
}
# What has not ended by then is not waited for: Asterisk stopped without a word of it.
LONGEST_HOURS = 24


@dataclass(frozen=True, slots=True)
class Row:
    """A call as the template shows it; ``at`` is in the call centre's time."""

    call: QueueCall
    at: datetime
    member: str
    colour: str
    outcome: str


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get(CALL_LOG, show_list),
        web.get(f"{CALL_LOG}/export", export, allow_head=False),
    ]


@signed_in
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the calls that are searched for, the newest first. Raises Forbidden."""
    await require_manager(request)
    log, typed = portal_of(request).call_log, _typed(request)
    queues = await log.queues()
    form: dict[str, Any] = {
        "values": typed,
        "queues": sorted({*queues, typed["queue"]} - {""}),
        "zone": log.zone_name,
    }
    try:
        wanted = parse_call_filter(typed)
    except Invalid as invalid:
        return await page(
            request, "queue_calls/list.html", 422, errors=invalid.fields, rows=None, **form
        )
    found = await log.page(wanted, older_than=older_than(request))
    searched = {name: value for name, value in typed.items() if value}
    return await page(
        request,
        "queue_calls/list.html",
        errors={},
        rows=await _rows(request, found.items),
        found=found,
        searched_back_to=found.searched_back_to and log.local(found.searched_back_to),
        newest=_url(searched) if "before" in request.query else "",
        older="" if found.older is None else _url(searched, before=str(found.older)),
        export=f"{CALL_LOG}/export?{urlencode(searched)}",
        **form,
    )


@signed_in
async def export(request: web.Request) -> web.StreamResponse:
    """Send the log's rows as a CSV file, as they are read. Raises Forbidden, Invalid."""
    await require_manager(request)
    wanted: CallLogFilter = parse_call_filter(_typed(request))
    name = f"queue-calls-{datetime.now(UTC):%Y-%m-%d}.csv"
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
    )
    await response.prepare(request)
    async for part in portal_of(request).call_log.export(wanted):
        await response.write(part)
    await response.write_eof()
    return response


def _typed(request: web.Request) -> dict[str, str]:
    return {name: request.query.get(name, "").strip() for name in SEARCHED}


async def _rows(request: web.Request, calls: list[QueueCall]) -> list[Row]:
    portal, now = portal_of(request), datetime.now(UTC)
    names = await portal.agents.names()
    rows = []
    for call in calls:
        colour, words = OUTCOMES[call.outcome]
        is_open = call.outcome in (Outcome.TALKING, Outcome.WAITING)
        if is_open and (now - call.at).total_seconds() > LONGEST_HOURS * 3600:
            colour, words = "calm", "Not known"
        member = _member(call.member, names)
        rows.append(Row(call, portal.call_log.local(call.at), member, colour, words))
    return rows


def _member(member: str, names: Mapping[str, str]) -> str:
    if not member.startswith(AGENT):
        return member
    number = member.removeprefix(AGENT)
    return f"{names[number]} ({number})" if number in names else number


def _url(searched: Mapping[str, str], **other: str) -> str:
    return f"{CALL_LOG}?{urlencode({**searched, **other})}"
