"""Leaves messages in voicemail_messages the way app_voicemail_odbc does (what the real one does is
proved in tests/asterisk/test_database_voicemail.py)."""

from __future__ import annotations

from datetime import UTC, datetime

from tortoise import Tortoise

from tests.rig.voicemail_files import wav

SPOOL = "/var/spool/asterisk/voicemail"
_INSERT = """
INSERT INTO voicemail_messages (dir, msgnum, recording, context, callerid, origtime, duration,
    mailboxuser, mailboxcontext, flag, msg_id)
SELECT $1::varchar, coalesce($2::int, max(msgnum) + 1, 0), $3, 'cos-internal', $4, $5, 12, $6, $7,
    '', $8
FROM voicemail_messages WHERE dir = $1::varchar
"""


async def run_sql(statement: str) -> None:
    """Do to the open database what Asterisk would."""
    await Tortoise.get_connection("default").execute_script(statement)


async def leave_message(
    msg_id: str,
    *,
    mailbox: str = "1002",
    context: str = "default",
    folder: str = "INBOX",
    number: int | None = None,
    callerid: str = '"Alice" <1001>',
    received_at: datetime | None = None,
    recording: bytes | None = None,
    spool: str = SPOOL,
) -> None:
    """Put a message into a mailbox of the open database, as its last one."""
    values = [
        f"{spool}/{context}/{mailbox}/{folder}",
        number,
        wav() if recording is None else recording,
        callerid,
        int((received_at or datetime.now(UTC)).timestamp()),
        mailbox,
        context,
        msg_id,
    ]
    await Tortoise.get_connection("default").execute_query(_INSERT, values)


async def move_message(msg_id: str, *, folder: str) -> None:
    """Move a message to the beginning of another folder."""
    await Tortoise.get_connection("default").execute_query(
        "UPDATE voicemail_messages SET dir = regexp_replace(dir, '[^/]*$', $2), msgnum = 0 "
        "WHERE msg_id = $1",
        [msg_id, folder],
    )


async def count_rows(mailbox: str) -> int:
    """Count all rows of a mailbox, greetings among them."""
    rows = await Tortoise.get_connection("default").execute_query_dict(
        "SELECT count(*) AS rows FROM voicemail_messages WHERE mailboxuser = $1", [mailbox]
    )
    return int(rows[0]["rows"])
