"""The voicemail relay and the mail outbox in a process of their own, which a test may kill.

``python -m tests.rig.mail_pipeline DATABASE SPOOL SMTP_HOST SMTP_PORT``
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pbxbridge.events import EventBus
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.database import open_database
from pbxbridge.services.mail_outbox import MailOutbox
from pbxbridge.services.voicemail_relay import VoicemailRelay
from pbxbridge.services.voicemail_spool import VoicemailSpool
from pbxbridge.settings import SmtpSettings


async def main(database: str, spool: str, host: str, port: str) -> None:
    """Run until killed."""
    smtp = SmtpSettings(host=host, port=int(port))
    bus = EventBus()
    relay = VoicemailRelay(bus, VoicemailSpool(Path(spool)), sender=smtp.sender, sweep_seconds=0.2)
    outbox = MailOutbox(bus, SmtpSender(smtp).send)
    async with open_database(database), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(), name="voicemail relay")
        tasks.create_task(outbox.run(), name="mail outbox")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
