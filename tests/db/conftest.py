"""Fixtures of the mail outbox."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pbxbridge.events import EventBus
from pbxbridge.services.mail_outbox import MailOutbox
from tests.db.mail_rows import Clock, sender
from tests.rig.mail_catcher import MailCatcher


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    async with MailCatcher().listening() as listening:
        yield listening


@pytest.fixture
def outbox(database: Path, bus: EventBus, catcher: MailCatcher, clock: Clock) -> MailOutbox:
    return MailOutbox(bus, sender(catcher).send, clock=clock, jitter=lambda: 0.5)
