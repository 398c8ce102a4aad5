"""The audit: who changed what, searched as on the screen; one change undone."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from pbxbridge.errors import NotFound
from pbxbridge.services.audit_filter import parse_filter
from web.api.answers import AuditEntry, AuditList, answer
from web.api.operation import Call
from web.api.queries import MOST_ENTRY, AuditQuery, NoQuery

# What of the query is not about which entries.
_PAGING = {"before", "per_page"}


async def list_entries(call: Call[AuditQuery]) -> web.Response:
    """Answer one page, the newest first."""
    query = call.query
    wanted = parse_filter(query.model_dump(by_alias=True, exclude=_PAGING))
    found = await call.portal.audit.page(wanted, older_than=query.before, per_page=query.per_page)
    entries = AuditList(
        items=[AuditEntry.model_validate(entry) for entry in found.items],
        older=found.older,
        searched_back_to=found.searched_back_to,
    )
    return answer(entries, headers=_link(call.request, found.older))


async def read_entry(call: Call[NoQuery]) -> web.Response:
    """Answer one entry."""
    return answer(AuditEntry.model_validate(await call.portal.audit.get(_id(call))))


async def undo_entry(call: Call[NoQuery]) -> web.Response:
    """Undo a change; answer the entry of doing so."""
    made = await call.portal.audit.undo(call.actor, _id(call))
    return answer(AuditEntry.model_validate(made))


def _id(call: Call[NoQuery]) -> int:
    typed = call.named("id")
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MOST_ENTRY))):
        raise NotFound("An audit entry has a number.")
    return int(typed)


def _link(request: web.Request, older: int | None) -> dict[str, str]:
    if older is None:
        return {}
    asked = urlencode({**request.query, "before": older})
    return {"Link": f'<{request.path}?{asked}>; rel="next"'}
