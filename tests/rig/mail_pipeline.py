"""The voicemail relay and the mail outbox in a process of their own, which a test may kill."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pbxbridge.events import EventBus
from pbxbridge.log import configure_logging
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.database import open_database
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.settings import LogSettings, SmtpSettings
from tests.rig.relaying import relay_for

# Each process is forked from one that has imported everything: it starts in no time, and a kill
# hits the work and not Python's start.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


@asynccontextmanager
async def pipeline(database: str, spool: Path, host: str, port: int) -> AsyncIterator[None]:
    """Run both for the length of the block, and then kill them without warning."""
    process = _PROCESSES.Process(target=run, args=(database, spool, host, port), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        process.close()


def run(database: str, spool: Path, host: str, port: int) -> None:
    """Run until killed."""
    configure_logging(LogSettings(level="error"))
    asyncio.run(_run(database, spool, SmtpSettings(host=host, port=port)))


async def _run(database: str, spool: Path, smtp: SmtpSettings) -> None:
    bus = EventBus()
    relay = relay_for(bus, VoicemailSpool(spool), sender=smtp.sender, sweep_seconds=0.2)
    outbox = MailOutbox(bus, SmtpSender(smtp).send)
    async with open_database(database), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(), name="voicemail relay")
        tasks.create_task(outbox.run(), name="mail outbox")
