"""The record of changes, read: searching it, and undoing one change.

Nothing here or elsewhere changes or removes an entry; audit.py adds them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pbxbridge.errors import Conflict, NotFound
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.audit_filter import AuditFilter
from pbxbridge.services.audit_search import AuditPage, read_page
from pbxbridge.services.audit_subjects import ExtensionSubjects, Present, Subjects, UserSubjects
from pbxbridge.services.audit_undo import (
    LINKS,
    UNDONE,
    NotUndoable,
    Undo,
    actions_of,
    changed_link,
    decide,
    moved,
    never,
)
from pbxbridge.services.audit_view import AuditView, view_of
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.stepwise import Pace
from pbxbridge.services.users import Users

# How often an undo looks again if its subject was changed in the moment between look and change.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Look:
    """What an undo was decided from: nothing slips in after it unnoticed."""

    undo: Undo
    version: int
    newest: int


class AuditTrail:
    """All entries of the audit."""

    def __init__(self, extensions: Extensions, users: Users, pace: Pace | None = None) -> None:
        """Undo changes through these services; ``pace`` is how a search reads the entries."""
        self._subjects: Mapping[str, Subjects] = {
            "extension": ExtensionSubjects(extensions),
            "user": UserSubjects(users),
        }
        self._pace = pace or Pace()

    async def page(
        self,
        wanted: AuditFilter | None = None,
        *,
        older_than: int | None = None,
        per_page: int = 50,
    ) -> AuditPage:
        """Return the newest entries, of those with an id below ``older_than``."""
        return await read_page(
            wanted or AuditFilter(), older_than=older_than, per_page=per_page, pace=self._pace
        )

    async def get(self, entry_id: int) -> AuditView:
        """Return one entry. Raises NotFound."""
        row = await AuditEntry.filter(id=entry_id).first()
        if row is None:
            raise NotFound(f"There is no audit entry {entry_id}.")
        return view_of(row)

    async def present(self, entries: Iterable[AuditView]) -> set[tuple[str, str]]:
        """Return the subjects of these entries that are there now, by kind and name."""
        names: dict[str, set[str]] = {"extension": set(), "invitation": set(), "user": set()}
        for entry in entries:
            names.setdefault(entry.kind, set()).add(entry.subject)
        # What happens to an invitation is recorded at its extension.
        wanted = names["extension"] | names["invitation"]
        found = await Extension.filter(number__in=list(wanted)).values_list("number", flat=True)
        numbers = {str(number) for number in found}
        logins = User.filter(login__in=list(names["user"]))
        there = {"user": {str(login) for login in await logins.values_list("login", flat=True)}}
        there |= {kind: numbers & names[kind] for kind in ("extension", "invitation")}
        return {(kind, name) for kind, some in there.items() for name in some}

    async def undo_of(self, entry: AuditView) -> Undo:
        """Return whether a change can be undone, as things are now."""
        return (await self._look(entry)).undo

    async def undo(self, actor: Actor, entry_id: int) -> AuditView:
        """Put the fields back to what they were before a change; return the entry of doing so.

        It is an ordinary change that obeys every rule. Raises NotFound, NotUndoable, Invalid with
        the rule that the old values break, Conflict if others keep changing the same subject.
        """
        entry = await self.get(entry_id)
        for _ in range(ATTEMPTS):
            look = await self._look(entry)
            if not look.undo.possible:
                raise NotUndoable(look.undo)
            subjects = self._subjects[entry.kind]
            try:
                await subjects.update(actor, entry.subject, entry.before, look.version)
            except Conflict:
                continue  # its version is newer than the look
            return await self._refer(actor, entry, look.newest)
        raise Conflict(f"Somebody is changing {entry.subject} right now. Try again.")

    async def _look(self, entry: AuditView) -> _Look:
        """Read what decides, the version first: whatever changes later makes it stale."""
        if why := never(entry.action):
            return _Look(Undo(why), 0, 0)
        subjects = self._subjects[entry.kind]
        try:
            present = await subjects.present(entry.subject)
        except NotFound:
            return _Look(decide(entry, await _newer_of_subject(entry), {}, {}), 0, 0)
        newest = await AuditEntry.all().order_by("-id").first()
        undo = decide(
            entry,
            await _newer_of_subject(entry),
            present.fields,
            subjects.changed(present, entry.before),
            await _movers(entry, present),
        )
        return _Look(undo, present.version, newest.id if newest else 0)

    async def _refer(self, actor: Actor, entry: AuditView, newest: int) -> AuditView:
        """Write down which change was undone by which."""
        made = AuditEntry.filter(subject=entry.subject, action=entry.action, id__gt=newest)
        # The first after the look is ours: anybody else's would have made the look stale.
        own = await made.order_by("id").first()
        if own is None:
            raise Conflict("There was nothing to undo.")
        async with write_transaction() as transaction:
            after = {"change": entry.id, "by": own.id}
            action = f"{entry.kind}.{UNDONE}"
            await audit.record(transaction, actor, action, entry.subject, after=after)
        return view_of(own)


async def _newer_of_subject(entry: AuditView) -> list[AuditView]:
    return await _newer(entry, entry.kind, [entry.subject])


async def _newer(entry: AuditView, kind: str, names: Collection[str]) -> list[AuditView]:
    """Return the entries about these subjects that are newer than the entry, newest first."""
    about = AuditEntry.filter(subject__in=list(names), action__in=actions_of(kind))
    rows = await about.filter(id__gt=entry.id).order_by("-id")
    return [view_of(row) for row in rows]


async def _movers(entry: AuditView, present: Present) -> list[AuditView]:
    """Return the entries of the other end by which a field is no longer what the change made it."""
    found: list[AuditView] = []
    for name in moved(entry, present.fields):
        if (entry.kind, name) not in LINKS:
            continue
        kind, field = LINKS[entry.kind, name]
        now, then = present.fields[name], entry.after.get(name)
        if isinstance(now, list) and isinstance(then, list):
            newer = await _newer(entry, kind, set(now) ^ set(then))
            found += changed_link(newer, field, entry.subject)
    return found


__all__ = ["AuditFilter", "AuditPage", "AuditTrail", "AuditView", "NotUndoable", "Undo"]
