"""How rows of Asterisk's tables differ from what they should be: decided without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tortoise.models import Model

from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import IaxFriend, PsAuth, VoicemailBox
from pbxbridge.realtime.rows import Columns
from pbxbridge.services.transfer.rows import StoredRows

# A table, the key of a row in it and the row as it should be, None for no row.
WantedRow = tuple[type[Model], Columns, Columns | None]

_SECRETS = frozenset(
    {
        (PsAuth, "password"),
        (PsAuth, "md5_cred"),
        (PsAuth, "password_digest"),
        (IaxFriend, "secret"),
        (VoicemailBox, "password"),
        (Extension, "sealed_secret"),
        (Extension, "sealed_auth_secret"),
    }
)


class Kind(StrEnum):
    """What rows belong to. LEFTOVER is a number that the portal does not have."""

    EXTENSION = "extension"
    TRUNK = "trunk"
    PHONE_GROUP = "phone group"
    QUEUE = "queue"
    AGENT = "agent"
    CONTEXT = "context"
    LEFTOVER = "leftover"


class Fault(StrEnum):
    """What is the matter with a row."""

    MISSING = "missing"
    SURPLUS = "surplus"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class RowDrift:
    """One row that is not as it should be.

    ``wanted`` is the whole row, None for no row. ``changes`` are the columns that differ, as they
    are and as they should be; secrets and PINs are not shown.
    """

    model: type[Model]
    key: Columns
    fault: Fault
    wanted: Columns | None = field(default=None, repr=False)
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """Table and key."""
        return f"{self.model._meta.db_table} {'/'.join(map(str, self.key.values()))}"

    @property
    def changed(self) -> Columns:
        """The columns to set."""
        wanted = self.wanted or {}
        return {n: value for n, value in wanted.items() if _differs(self.stored.get(n), value)}

    @property
    def changes(self) -> Mapping[str, tuple[object, object]]:
        """What differs of a row that is there."""
        if self.fault is not Fault.DIFFERENT:
            return {}
        return {
            name: ("***", "***")
            if (self.model, name) in _SECRETS
            else (self.stored.get(name), value)
            for name, value in self.changed.items()
        }


@dataclass(frozen=True, slots=True)
class Drift:
    """What is wrong with the rows of one thing.

    ``lost`` are secrets that lay in nothing but these rows: ``secret``, ``auth secret``, ``PIN``.
    """

    kind: Kind
    name: str
    rows: tuple[RowDrift, ...]
    lost: tuple[str, ...] = ()


def compare(wanted: Iterable[WantedRow], stored: StoredRows) -> Iterator[RowDrift]:
    """Yield what differs, in the order of the wanted rows; other stored rows are not looked at."""
    for model, key, columns in wanted:
        present = stored.get((model, tuple(key.values())))
        if columns is None:
            if present is not None:
                yield RowDrift(model, key, Fault.SURPLUS)
        elif present is None:
            yield RowDrift(model, key, Fault.MISSING, columns)
        elif any(_differs(present[name], value) for name, value in columns.items()):
            yield RowDrift(model, key, Fault.DIFFERENT, columns, present)


def _differs(stored: object, wanted: object) -> bool:
    """Tell, where a column that was added to a table of Asterisk's making may still be NULL."""
    return stored != wanted and not (stored is None and wanted == "")
