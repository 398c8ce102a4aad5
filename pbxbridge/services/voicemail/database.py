"""Reads messages from the table in which app_voicemail_odbc keeps them: voicemail_messages.

``dir`` is the folder in which the spool would have the message, ``msgnum`` its place there. Both
change while a mailbox is in use, so a message is asked for by its ``msg_id``. Greetings are rows
too, with -1 for the place, ``unavail`` and its like for the folder, and no ``msg_id``.

A message that can be read is a whole one: Asterisk stores it by a single INSERT, with the recording
in it, moves it by a single UPDATE, and copies it by INSERT ... SELECT (every statement of 22.10 as
PostgreSQL logged it; ``odbc_store_message`` and its neighbours in apps/app_voicemail.c). Each is a
transaction of its own. The recording is written in a second statement with
``odbc_audio_on_disk = yes`` only, and then is none: such a message cannot be mailed.

Messages are only read; all of a mailbox's rows are deleted with its extension.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient

from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.mail.wav import is_16_bit_pcm
from pbxbridge.services.voicemail.message_values import (
    checked_name,
    is_msg_id,
    parse_caller,
    parse_time,
)
from pbxbridge.services.voicemail.store import (
    FOLDERS,
    NEW_FOLDERS,
    PIECE_BYTES,
    Counts,
    MessageMoved,
    MessageStore,
)

# Within these a RIFF file of Asterisk's says what it is.
HEADER_BYTES = 36

_MAILBOX = "FROM voicemail_messages WHERE mailboxcontext = $1 AND mailboxuser = $2"
_FOLDER = "substring(dir FROM '[^/]*$')"
_MAILBOXES = (
    "SELECT DISTINCT mailboxuser FROM voicemail_messages "
    "WHERE mailboxcontext = $1 AND mailboxuser IS NOT NULL"
)
_MESSAGES = f"""
SELECT msg_id, {_FOLDER} AS folder, callerid, origtime, duration,
    substring(recording FROM 1 FOR {HEADER_BYTES}) AS header
{_MAILBOX} AND {_FOLDER} = ANY ($3)
"""  # noqa: S608 - constants
_COUNTS = f"""
SELECT count(*) FILTER (WHERE {_FOLDER} = ANY ($3)) AS new, count(*) AS all_of_them
{_MAILBOX} AND {_FOLDER} = ANY ($4)
"""
_LENGTH = f"SELECT octet_length(recording) AS length {_MAILBOX} AND msg_id = $3"
# Of several messages with this id it is always the same one, or one that sounds the same.
_PIECE = f"""
SELECT substring(recording FROM $4::int FOR {PIECE_BYTES}) AS piece
{_MAILBOX} AND msg_id = $3 AND octet_length(recording) = $5 LIMIT 1
"""  # noqa: S608 - constants
_FORGET = f"DELETE {_MAILBOX}"

log = structlog.get_logger(__name__)


class DatabaseStore(MessageStore):
    """The voicemail of every Asterisk that shares the bridge's PostgreSQL."""

    async def mailboxes(self, context: str) -> frozenset[str]:
        """Return the names of the mailboxes that have messages or greetings."""
        rows = await _connection().execute_query_dict(_MAILBOXES, [checked_name(context)])
        return frozenset(row["mailboxuser"] for row in rows)

    async def messages(
        self, context: str, mailbox: str, folders: Sequence[str] = NEW_FOLDERS
    ) -> tuple[VoicemailMessage, ...]:
        """Return the messages of these folders, oldest first."""
        where = [checked_name(context), checked_name(mailbox)]
        # One that is being copied to another folder is there twice; the id tells that it is one.
        found = {}
        for row in await _connection().execute_query_dict(_MESSAGES, [*where, list(folders)]):
            if message := message_of(row, context=context, mailbox=mailbox):
                found[message.msg_id] = message
            else:
                log.warning("voicemail.without_id", mailbox=mailbox, folder=row["folder"])
        return tuple(sorted(found.values(), key=lambda message: message.received_at))

    async def counts(self, context: str, mailbox: str) -> Counts:
        """Return how many messages are new and old."""
        where = [checked_name(context), checked_name(mailbox)]
        folders = [list(NEW_FOLDERS), list(FOLDERS)]
        [row] = await _connection().execute_query_dict(_COUNTS, [*where, *folders])
        return Counts(row["new"], row["all_of_them"] - row["new"])

    async def recording(self, message: VoicemailMessage) -> AsyncGenerator[bytes, None]:
        """Yield the RIFF file of a message, in whichever folder it is by now.

        Raises MessageMoved if it is in none. Raises OSError if there is no recording in the table,
        or the message is deleted amid the reading.
        """
        which = [message.context, message.mailbox, message.msg_id]
        found = await _connection().execute_query_dict(_LENGTH, which)
        if not found:
            raise MessageMoved
        length = found[0]["length"] or 0
        if length < HEADER_BYTES:
            raise OSError("there is no recording in the table")
        for begin in range(0, length, PIECE_BYTES):
            rows = await _connection().execute_query_dict(_PIECE, [*which, begin + 1, length])
            if not rows:
                raise OSError("the message was deleted while it was read")
            yield rows[0]["piece"]

    async def forget(self, context: str, mailbox: str) -> None:
        """Delete a mailbox's messages and greetings; if there are none, that is fine."""
        where = [checked_name(context), checked_name(mailbox)]
        await _connection().execute_query(_FORGET, where)


def message_of(row: Mapping[str, Any], *, context: str, mailbox: str) -> VoicemailMessage | None:
    """Return the message of a row, any column of which may be NULL; None without a ``msg_id``.

    One without a time counts as left now: better a mail with a wrong one than none.
    """
    msg_id = row["msg_id"] or ""
    if not is_msg_id(msg_id):
        return None
    name, number = parse_caller(row["callerid"] or "")
    return VoicemailMessage(
        msg_id=msg_id,
        mailbox=mailbox,
        context=context,
        folder=row["folder"],
        caller_name=name,
        caller_number=number,
        received_at=parse_time(row["origtime"]) or datetime.now(UTC).replace(microsecond=0),
        duration=max(row["duration"] or 0, 0),
        playable=is_16_bit_pcm(row["header"] or b""),
    )


def _connection() -> BaseDBAsyncClient:
    return Tortoise.get_connection("default")
