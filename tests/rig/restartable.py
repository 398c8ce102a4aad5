"""A bridge that can be stopped and started beside an Asterisk that goes on, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pbxbridge.events import EventBus
from pbxbridge.models.database import open_database
from pbxbridge.service import prepare, running
from pbxbridge.services.accounts import Accounts
from pbxbridge.settings import Settings, WebSettings
from tests.rig.asterisk import AsteriskInstance
from tests.rig.databases import forget_statements, migrate_quickly
from tests.rig.mail_catcher import MailCatcher
from tests.rig.ports import free_ports
from tests.rig.system import QUALIFY_SECONDS, RING_SECONDS, settings_for


@dataclass
class RestartableBridge:
    """The bridge; its database can be used while it runs. Its address stays the same."""

    settings: Settings
    asterisk: AsteriskInstance
    admin_password: str
    bus: EventBus = field(default_factory=EventBus)
    _task: asyncio.Task[None] | None = None
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        """Where the portal is."""
        return f"http://127.0.0.1:{self.settings.web.port}/"

    async def start(self) -> None:
        """Start the bridge. It has a task of its own, whoever starts and stops it."""
        started = asyncio.Event()
        self._stopped.clear()
        self._task = asyncio.create_task(self._run(started), name="restartable-bridge")
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """Stop the bridge; Asterisk goes on. Raises what ended it before."""
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def _run(self, started: asyncio.Event) -> None:
        async with running(self.settings, self.bus):
            started.set()
            await self._stopped.wait()


@asynccontextmanager
async def restartable_bridge(folder: Path) -> AsyncIterator[RestartableBridge]:
    """Run both in ``folder``, from an empty SQLite."""
    async with MailCatcher().listening() as catcher:
        folder.mkdir(parents=True, exist_ok=True)
        forget_statements()
        database = folder / "pbxbridge.sqlite3"
        await migrate_quickly(database)
        asterisk = AsteriskInstance(folder / "asterisk", database)
        [port] = free_ports(1)
        settings = settings_for(
            asterisk,
            catcher,
            qualify_seconds=QUALIFY_SECONDS,
            ring_seconds=RING_SECONDS,
            web=WebSettings(port=port),
        )
        await prepare(settings)
        async with open_database(settings.database.url.get_secret_value()):
            accounts = Accounts(idle=timedelta(hours=1), longest=timedelta(hours=1))
            password = await accounts.create_admin("admin")
        bridge = RestartableBridge(settings, asterisk, password)
        async with asterisk:
            await bridge.start()
            try:
                yield bridge
            finally:
                await bridge.stop()
