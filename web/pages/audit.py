"""The Audit screen: who changed what, searched; one entry; undoing one change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.services.audit_filter import parse_filter
from pbxbridge.services.audit_trail import AuditView, NotUndoable, Undo
from pbxbridge.services.people import Role
from web.access import allow
from web.audit_words import ACTIONS, FIELDS, KINDS, OFF, action_words, field_words, value_words
from web.notices import notice_of
from web.portal import actor_of, portal_of
from web.render import page
from web.requests import older_than

LIST = "/audit"
FIRST, MORE = ("subject", "actor"), ("kind", "action", "field", "from", "to")
# As many changed fields of an entry are in the list; its own page has them all.
FIELDS_IN_LIST = 6


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry; a value that there was not, before or after, is None."""

    label: str
    old: str | None
    new: str | None

    @property
    def is_nothing(self) -> bool:
        """Whether it tells of a field that was created or deleted empty."""
        return None in (self.old, self.new) and (self.old or self.new) in ("", OFF, None)


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the templates show it; ``subject_url`` is empty if the subject is gone."""

    entry: AuditView
    what: str
    subject_url: str
    changes: list[Change]

    @property
    def few(self) -> list[Change]:
        """What the list shows: of a creation or deletion, only what is or was there."""
        return [change for change in self.changes if not change.is_nothing][:FIELDS_IN_LIST]


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{id:[0-9]{{1,9}}}}"
    return [
        web.get(LIST, show_list),
        web.get(one, show_entry),
        web.get(f"{one}/undo", ask_undo),
        web.post(f"{one}/undo", undo),
    ]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the entries that are searched for, the newest first."""
    typed = {name: request.query.get(name, "").strip() for name in (*FIRST, *MORE)}
    form: dict[str, Any] = {"values": typed, "kinds": KINDS, "actions": ACTIONS, "fields": FIELDS}
    form["more"] = any(typed[name] for name in MORE)
    try:
        wanted = parse_filter(typed)
    except Invalid as invalid:
        return await page(request, "audit/list.html", 422, errors=invalid.fields, rows=None, **form)
    found = await portal_of(request).audit.page(wanted, older_than=older_than(request))
    searched = {name: value for name, value in typed.items() if value}
    return await page(
        request,
        "audit/list.html",
        errors={},
        rows=await _rows(request, found.items),
        found=found,
        newest="" if "before" not in request.query else _url(searched),
        older="" if found.older is None else _url(searched, before=str(found.older)),
        parts="" if "*" in typed["subject"] else _url(searched, subject=f"*{typed['subject']}*"),
        **form,
    )


@allow(Role.ADMIN, Role.OPERATOR)
async def show_entry(request: web.Request) -> web.StreamResponse:
    """Show one entry, and whether it can be undone."""
    entry = await _entry(request)
    undo = await portal_of(request).audit.undo_of(entry)
    return await _entry_page(request, "audit/entry.html", entry, undo, notice=notice_of(request))


@allow(Role.ADMIN)
async def ask_undo(request: web.Request) -> web.StreamResponse:
    """Ask, and show what will be set to what; or say why not."""
    entry = await _entry(request)
    undo = await portal_of(request).audit.undo_of(entry)
    status = 200 if undo.possible else 409
    return await _entry_page(request, "audit/undo.html", entry, undo, status)


@allow(Role.ADMIN)
async def undo(request: web.Request) -> web.StreamResponse:
    """Undo a change, or say which newer change or which rule is in the way."""
    entry, trail = await _entry(request), portal_of(request).audit
    refused: dict[str, str] = {}
    try:
        made = await trail.undo(actor_of(request), entry.id)
    except NotUndoable as not_undoable:
        return await _entry_page(request, "audit/undo.html", entry, not_undoable.undo, 409)
    except Invalid as invalid:
        status, refused = 422, {field_words(name): why for name, why in invalid.fields.items()}
    except Conflict as conflict:
        status, refused = 409, {"": str(conflict)}
    else:
        raise web.HTTPSeeOther(f"{LIST}/{made.id}?notice=undone")
    now = await trail.undo_of(entry)
    return await _entry_page(request, "audit/undo.html", entry, now, status, refused=refused)


async def _entry(request: web.Request) -> AuditView:
    return await portal_of(request).audit.get(int(request.match_info["id"]))


async def _entry_page(
    request: web.Request,
    template: str,
    entry: AuditView,
    undo: Undo,
    status: int = 200,
    **context: Any,
) -> web.Response:
    (row,) = await _rows(request, [entry])
    in_the_way = await _rows(request, undo.in_the_way, undo.fields)
    shown = {"refused": {}, "notice": "", **context}
    return await page(request, template, status, row=row, undo=undo, in_the_way=in_the_way, **shown)


async def _rows(
    request: web.Request, entries: Collection[AuditView], only: Collection[str] = ()
) -> list[Row]:
    """Return the entries for the templates; of one that has some of ``only``, just those fields."""
    present = await portal_of(request).audit.present(entries)
    rows = []
    for entry in entries:
        url = _subject_url(entry) if (entry.kind, entry.subject) in present else ""
        names = [name for name in entry.fields if name in only] or entry.fields
        changes = [_change(entry, name) for name in names]
        rows.append(Row(entry, action_words(entry.action), url, changes))
    return rows


def _change(entry: AuditView, name: str) -> Change:
    return Change(field_words(name), _value(entry.before, name), _value(entry.after, name))


def _value(fields: Mapping[str, object], name: str) -> str | None:
    return value_words(fields[name], name) if name in fields else None


def _subject_url(entry: AuditView) -> str:
    if entry.kind == "user":
        return f"/users?{urlencode({'search': entry.subject})}"
    return f"/extensions/{quote(entry.subject, safe='')}/edit"


def _url(searched: Mapping[str, str], **other: str) -> str:
    return f"{LIST}?{urlencode({**searched, **other})}"
