"""Puts the rows of one extension into Asterisk's tables, inside the caller's transaction.

Only what differs is written, and only columns that pbxbridge owns: what somebody added to a row by
hand (on a database of Asterisk's own making) stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model

from dialplan.extension_row import CONTEXT as EXTENSIONS_CONTEXT
from pbxbridge.models.realtime import DialplanRow, PsAor, PsAuth, PsEndpoint, VoicemailBox
from pbxbridge.realtime.rows import MAILBOX_CONTEXT, Columns, RealtimeRows


class RealtimeWriter:
    """Writes to one open transaction; ``written`` counts the rows inserted, updated or deleted."""

    def __init__(self, transaction: TransactionalDBClient) -> None:
        self._transaction = transaction
        self.written = 0

    async def write(self, number: str, rows: RealtimeRows) -> None:
        """Make the tables say what ``rows`` say of the extension ``number``."""
        await self._upsert(PsAor, {"id": number}, rows.aor)
        await self._upsert(PsAuth, {"id": number}, rows.auth)
        await self._upsert(PsEndpoint, {"id": number}, rows.endpoint)
        await self._upsert(DialplanRow, _dialplan_key(number), rows.dialplan)
        if rows.mailbox is None:
            await self._delete(VoicemailBox, _mailbox_key(number))
        else:
            await self._upsert(VoicemailBox, _mailbox_key(number), rows.mailbox)

    async def insert(self, rows: RealtimeRows) -> None:
        """Add the rows of a new extension, without asking first what is there.

        Raises IntegrityError if one of the tables holds a row of that key already.
        """
        for model, columns in (
            (PsAor, rows.aor),
            (PsAuth, rows.auth),
            (PsEndpoint, rows.endpoint),
            (DialplanRow, rows.dialplan),
            (VoicemailBox, rows.mailbox),
        ):
            if columns is not None:
                await model.create(using_db=self._transaction, **columns)
                self.written += 1

    async def erase(self, number: str) -> None:
        """Remove every row of the extension ``number``."""
        await self._delete(DialplanRow, {"context": EXTENSIONS_CONTEXT, "exten": number})
        await self._delete(VoicemailBox, _mailbox_key(number))
        for model in (PsEndpoint, PsAuth, PsAor):
            await self._delete(model, {"id": number})

    async def _upsert(self, model: type[Model], key: Columns, columns: Columns) -> None:
        stored = await model.filter(**key).using_db(self._transaction).limit(1).values()
        if not stored:
            await model.create(using_db=self._transaction, **columns)
            self.written += 1
            return
        changed = {name: value for name, value in columns.items() if stored[0][name] != value}
        if changed:
            self.written += await model.filter(**key).using_db(self._transaction).update(**changed)

    async def _delete(self, model: type[Model], key: Columns) -> None:
        self.written += await model.filter(**key).using_db(self._transaction).delete()


async def stored_secret(number: str) -> str:
    """Return the SIP secret of an extension, empty if it has none."""
    return await _column(PsAuth, {"id": number}, "password")


async def stored_pin(number: str) -> str:
    """Return the PIN of an extension's mailbox, empty if it has none."""
    return await _column(VoicemailBox, _mailbox_key(number), "password")


async def _column(model: type[Model], key: Columns, name: str) -> str:
    row: Mapping[str, str] | None = await model.filter(**key).first().values(name)
    return "" if row is None else row[name]


def _dialplan_key(number: str) -> Columns:
    return {"context": EXTENSIONS_CONTEXT, "exten": number, "priority": 1}


def _mailbox_key(number: str) -> Columns:
    return {"context": MAILBOX_CONTEXT, "mailbox": number}
