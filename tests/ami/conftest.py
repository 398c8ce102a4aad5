"""A link to a fake AMI server, with a mirror behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import structlog
from pydantic import SecretStr

from ami_handlers import HANDLERS
from pbxbridge.asterisk.ami import AmiLink, LinkTiming
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.settings import NodeSettings
from tests.eventually import eventually
from tests.fakes.ami_server import SECRET, FakeAmi, fake_ami
from tests.fakes.recording_watcher import RecordingWatcher

QUICK = LinkTiming(
    answer=0.3,
    boot=0.3,
    snapshot=0.3,
    look_again=60.0,
    ping_every=0.1,
    retry_first=0.01,
    retry_longest=0.05,
    ask_gap=0.0,
    peers_again=0.01,
)


class Rig:
    """A fake server and, once ``link()`` is entered, a link to it that keeps a mirror."""

    def __init__(self, server: FakeAmi) -> None:
        self.server = server
        self.watcher = RecordingWatcher()
        self.mirror = Mirror("asterisk", self.watcher)
        for number, monitored in {"1001": True, "1002": True, "1003": False}.items():
            self.mirror.track(number, monitored)

    @asynccontextmanager
    async def link(
        self, secret: str = SECRET, *, up: bool = True, timing: LinkTiming = QUICK
    ) -> AsyncIterator[AmiLink]:
        """Run a link for the length of the block, from when it is ``up``."""
        settings = NodeSettings(
            host="127.0.0.1",
            ami_port=self.server.port,
            ami_user="bridge",
            ami_secret=SecretStr(secret),
        )
        link = AmiLink(settings, self.mirror, HANDLERS, timing)
        task = asyncio.create_task(link.run(), name="ami-link")
        try:
            if up:
                await self.until_up()
            yield link
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=5)
            assert task.cancelled()

    async def until_up(self) -> None:
        await eventually(lambda: self.mirror.link.up)

    async def until_down(self, reason: str = "") -> None:
        await eventually(lambda: not self.mirror.link.up and reason in self.mirror.link.reason)

    def seen(self, number: str) -> tuple[str, int]:
        """Return the endpoint's status and port."""
        state = self.mirror.state_of(number)
        return str(state.status), state.port


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with fake_ami() as server:
        yield Rig(server)


@pytest.fixture
def logs() -> Iterator[list[structlog.typing.EventDict]]:
    """What was logged, as dictionaries."""
    with structlog.testing.capture_logs() as entries:
        yield entries
