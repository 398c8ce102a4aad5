"""Puts the rows of one extension into Asterisk's tables, inside the caller's transaction.

Only what differs is written, and only columns that pbxbridge owns: what somebody added to a row by
hand (on a database of Asterisk's own making) stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from secrets import randbelow

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from dialplan.extension_row import CONTEXT as EXTENSIONS_CONTEXT
from dialplan.queue_rows import DEVICES as AGENT_DEVICES
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    QueueMember,
    VoicemailBox,
)
from pbxbridge.realtime.rows import MAILBOX_CONTEXT, Columns, RealtimeRows, auth_override_of
from pbxbridge.services.notify import notify
from pbxbridge.services.sorcery_cache import EXPIRY

# Columns that Asterisk fills where iaxpeers is mapped to the table itself; not so with our config.
UNREGISTERED: Columns = {"ipaddr": "", "port": 0, "regseconds": 0}


class RealtimeWriter:
    """Writes to one open transaction; ``written`` counts the rows inserted, updated or deleted."""

    def __init__(self, transaction: TransactionalDBClient, *, cached: bool) -> None:
        """Have Asterisk drop what it knows of each changed row, if what it reads is ``cached``."""
        self._transaction = transaction
        self._cached = cached
        self.written = 0

    async def write(self, number: str, rows: RealtimeRows) -> None:
        """Make the tables say what ``rows`` say of the extension ``number``."""
        for model, key, columns in rows_by_table(number, rows):
            await self.put(model, key, columns)

    async def put(self, model: type[Model], key: Columns, columns: Columns | None) -> bool:
        """Make the row with this key what ``columns`` say, None for no row; tell if it was not."""
        before = self.written
        if columns is None:
            await self._delete(model, key)
        else:
            await self._upsert(model, key, columns)
        return self.written > before

    async def insert(self, number: str, rows: RealtimeRows) -> None:
        """Add the rows of a new extension, without asking first what is there.

        Raises IntegrityError if one of the tables holds a row of that key already.
        """
        for model, key, columns in rows_by_table(number, rows):
            if columns is None:
                continue
            if model is VoicemailBox and await self._is_there(model, key):
                raise IntegrityError(f"mailbox {number} is there")
            await self._create(model, columns)

    async def erase(self, number: str) -> None:
        """Remove every row of the extension ``number``."""
        for context in (EXTENSIONS_CONTEXT, AGENT_DEVICES):
            await self._delete(DialplanRow, {"context": context, "exten": number})
        await self._delete(VoicemailBox, _mailbox_key(number))
        for model in (PsEndpoint, PsAuth, PsAor):
            await self._delete(model, {"id": number})
        await self._delete(PsAuth, {"id": auth_override_of(number)})
        await self._delete(IaxFriend, {"name": number})

    async def _upsert(self, model: type[Model], key: Columns, columns: Columns) -> None:
        stored = await model.filter(**key).using_db(self._transaction).limit(1).values()
        if not stored:
            await self._create(model, columns)
            return
        changed = {name: value for name, value in columns.items() if stored[0][name] != value}
        if changed:
            row = model.filter(**key).using_db(self._transaction)
            await self._count(model, key, await row.update(**changed))

    async def _is_there(self, model: type[Model], key: Columns) -> bool:
        """Ask, where no key of the table keeps others out: voicemail of Asterisk's own making."""
        return await model.filter(**key).using_db(self._transaction).exists()

    async def _create(self, model: type[Model], columns: Columns) -> None:
        await model.create(using_db=self._transaction, **inserted_columns(model, columns))
        self.written += 1

    async def _delete(self, model: type[Model], key: Columns) -> None:
        row = model.filter(**key).using_db(self._transaction)
        await self._count(model, key, await row.delete())

    async def _count(self, model: type[Model], key: Columns, rows: int) -> None:
        self.written += rows
        if rows and self._cached and model in EXPIRY:
            await notify(self._transaction, EXPIRY[model], str(key["id"]))


def rows_by_table(
    number: str, rows: RealtimeRows
) -> Iterator[tuple[type[Model], Columns, Columns | None]]:
    """Yield each table of an extension with the row's key there and its columns, None for no row.

    The endpoint comes after what it names, for who reads amid several statements.
    """
    yield PsAor, {"id": number}, rows.aor
    yield PsAuth, {"id": number}, rows.auth
    yield PsAuth, {"id": auth_override_of(number)}, rows.auth_override
    yield PsEndpoint, {"id": number}, rows.endpoint
    yield IaxFriend, {"name": number}, rows.iax_friend
    yield DialplanRow, _dialplan_key(EXTENSIONS_CONTEXT, number), rows.dialplan
    yield DialplanRow, _dialplan_key(AGENT_DEVICES, number), rows.agent_device
    yield VoicemailBox, _mailbox_key(number), rows.mailbox


def inserted_columns(model: type[Model], columns: Columns) -> Columns:
    """Return what a new row needs beyond the columns that pbxbridge owns."""
    if model is QueueMember:
        # Asterisk wants each to differ, and asks no more of it; who is paused, it says itself.
        return {**columns, "uniqueid": randbelow(2**31 - 1) + 1, "paused": 0, "reason_paused": ""}
    return {**columns, **UNREGISTERED} if model is IaxFriend else columns


async def stored_pin(number: str) -> str:
    """Return the PIN of an extension's mailbox, empty if it has none.

    Until the transaction ends it stays that: who sets another by phone waits as long. (SQLite lets
    Asterisk write no sooner anyway.)
    """
    box = await VoicemailBox.filter(**_mailbox_key(number)).select_for_update().first()
    return "" if box is None else box.password or ""


def _dialplan_key(context: str, number: str) -> Columns:
    return {"context": context, "exten": number, "priority": 1}


def _mailbox_key(number: str) -> Columns:
    return {"context": MAILBOX_CONTEXT, "mailbox": number}
