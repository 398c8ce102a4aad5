"""Where voicemail is kept, and that Asterisk itself mails nobody: a part of ``pbxbridge check``."""

from __future__ import annotations

import os

from tortoise import Tortoise
from tortoise.expressions import Q

from pbxbridge.check_result import Result
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services.voicemail.database import DatabaseStore
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.settings import VoicemailSettings

# The table of app_voicemail_odbc, and the longest text that Asterisk writes into each column: of a
# caller up to 255 characters (leave_voicemail in apps/app_voicemail.c).
VOICEMAIL_MESSAGES = {
    "voicemail_messages": {
        "dir": 255,
        "msgnum": None,
        "context": 80,
        "callerid": 256,
        "origtime": None,
        "duration": None,
        "recording": None,
        "flag": 30,
        "category": 30,
        "mailboxuser": 30,
        "mailboxcontext": 30,
        "msg_id": 40,
    }
}
# Where the mailboxes' folders would be: `dir` without context, mailbox and folder. Greetings have
# no folder.
_SPOOLS = """
SELECT DISTINCT substring(dir FROM '^(.*)/[^/]+/[^/]+/[^/]+$') AS spool
FROM voicemail_messages WHERE msgnum >= 0 ORDER BY 1
"""


async def messages_result() -> Result:
    """Count the mailboxes of the open database, and see that all Asterisks mean the same ones."""
    name = "voicemail table"
    rows = await Tortoise.get_connection("default").execute_query_dict(_SPOOLS)
    if len(rows) > 1:
        spools = ", ".join(str(row["spool"]) for row in rows)
        return Result(
            name,
            False,
            f"messages are stored below {spools}: no Asterisk finds those of the others.",
            "Give all Asterisks the same astspooldir (asterisk.conf), and correct the column `dir` "
            "of voicemail_messages.",
        )
    boxes = await DatabaseStore().mailboxes(MAILBOX_CONTEXT)
    return Result(name, True, f"voicemail_messages can be read and written, {len(boxes)} mailboxes")


async def own_mail_result() -> Result:
    """See that no box of ours has an address in Asterisk's own table, in the open database."""
    name = "Asterisk's mail"
    addressed = VoicemailBox.filter(Q(email__gt="") | Q(pager__gt=""), context=MAILBOX_CONTEXT)
    others = set(await addressed.values_list("mailbox", flat=True))
    boxes = Extension.filter(voicemail=True, number__in=others).order_by("number")
    numbers = [str(number) for number in await boxes.values_list("number", flat=True)]
    if not numbers:
        return Result(name, True, "Asterisk itself mails nobody")
    more = f" and {len(numbers) - 1} more" if numbers[1:] else ""
    return Result(
        name,
        False,
        f"Asterisk itself mails about box {numbers[0]}{more}: an address is in `voicemail`.",
        "Save the extension, or run `pbxbridge reconcile --repair`: that empties the columns "
        "`email` and `pager`.",
    )


async def read_spool(settings: VoicemailSettings) -> str:
    """Count the mailboxes of the spool folder. Raises AsteriskUnavailable."""
    spool = settings.spool
    if not spool.is_dir():
        raise AsteriskUnavailable(f"{spool} is not there, or not ours to see.")
    if not os.access(spool, os.R_OK | os.W_OK | os.X_OK):
        raise AsteriskUnavailable(f"{spool} may not be read and written by this user.")
    try:
        boxes = await VoicemailSpool(spool).mailboxes(MAILBOX_CONTEXT)
    except OSError as why:
        raise AsteriskUnavailable(f"{spool}: {why.strerror}") from why
    return f"{spool} can be read and written, {len(boxes)} mailboxes"
