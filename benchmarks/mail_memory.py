"""How far storing and sending voicemail raises the peak memory of a process, which is this one.

``python -m benchmarks.mail_memory DATABASE SMTP_PORT COUNT BYTES`` prints a JSON object, in MB.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import closing
from pathlib import Path

from benchmarks.mail_server import HOST
from benchmarks.queued_mails import SENDER, queue_mails
from pbxbridge.events import EventBus
from pbxbridge.log import configure_logging
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.database import open_database
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.settings import LogSettings, SmtpSettings
from tests.db.mail_rows import running, until

WARM_UP = 20
MAILBOXES = 4


def peak_mb() -> float:
    """Return the peak of this process's resident memory since the last forget_peak()."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM")


def forget_peak() -> None:
    """Begin the peak anew (https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


async def send_all(port: int) -> None:
    """Send what is queued."""

    async def none_left() -> bool:
        return not await OutgoingMail.exclude(state=MailState.SENT).exists()

    with closing(SmtpSender(SmtpSettings(host=HOST, port=port, sender=SENDER))) as sender:
        async with running(MailOutbox(EventBus(), sender.send)):
            await until(none_left, seconds=600)


async def main(database: str, port: int, count: int, size: int) -> None:
    """Store and send a few small ones first, then these."""
    configure_logging(LogSettings(level="error"))
    async with open_database(database):
        await queue_mails(WARM_UP, size=100_000, mailboxes=MAILBOXES)
        await send_all(port)
        forget_peak()
        before = peak_mb()
        await queue_mails(count, size=size, mailboxes=MAILBOXES, first=WARM_UP)
        stored = peak_mb()
        await send_all(port)
    print(
        json.dumps(
            {
                "before": round(before, 1),
                "growth_storing": round(stored - before, 1),
                "growth": round(peak_mb() - before, 1),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
