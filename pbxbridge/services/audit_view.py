"""An entry of the audit as pages and programs see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pbxbridge.models.audit_entry import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditView:
    """Who changed what, when (in UTC) and from where.

    ``before`` and ``after`` hold the fields that differ. A creation has no ``before``, a deletion
    no ``after``. ``actor`` and ``subject`` are text, which stays when they are gone; the actor is
    empty where nobody was signed in.
    """

    id: int
    at: datetime
    actor: str
    address: str
    action: str
    subject: str
    before: Mapping[str, object]
    after: Mapping[str, object]

    @property
    def kind(self) -> str:
        """What the subject is: ``extension`` or ``user``, the word before the action's dot."""
        return self.action.partition(".")[0]

    @property
    def fields(self) -> list[str]:
        """The names of the fields that differ."""
        return list(dict.fromkeys([*self.before, *self.after]))


def view_of(row: AuditEntry) -> AuditView:
    """Return what is shown of a stored entry."""
    return AuditView(
        row.id, row.at, row.actor, row.address, row.action, row.subject, row.before, row.after
    )
