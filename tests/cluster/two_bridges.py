"""Two Asterisks on one PostgreSQL, and bridges in processes of their own that share both."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from pbxbridge.events import EventBus
from pbxbridge.models.database import open_database
from pbxbridge.models.node import Node
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.people import User
from pbxbridge.service import prepare
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.api_tokens import ApiTokens
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import TokenScope
from pbxbridge.settings import DatabaseSettings, NodeSettings, Settings
from tests.rig.asterisk import AsteriskInstance
from tests.rig.bridge_process import BridgeProcess, bridge_process
from tests.rig.databases import forget_statements
from tests.rig.extensions import extensions_on
from tests.rig.postgres import PostgresServer
from tests.sip import Phone

ADMIN = Actor("admin", "127.0.0.1")
NODES = ("east", "west")
QUALIFY_SECONDS = 1
PATIENCE_SECONDS = 45.0


@dataclass
class Site:
    """Two real Asterisks, PostgreSQL, and as many bridges as a test starts.

    ``extensions`` is a service of this process, which is no bridge: what it does reaches the
    bridges by the database alone, as the command line's doing does.
    """

    folder: Path
    postgres: PostgresServer
    url: str
    nodes: Mapping[str, AsteriskInstance]
    extensions: Extensions
    token: str

    @asynccontextmanager
    async def bridge(self, name: str) -> AsyncIterator[BridgeProcess]:
        """Run one more bridge for the length of the block."""
        async with bridge_process(self.folder / f"{name}.log", self._variables()) as process:
            yield process

    async def phone(self, number: str, node: str) -> Phone:
        """Return the phone of an extension, which registers with one of the Asterisks."""
        secret = await self.extensions.secret(ADMIN, number)
        return Phone(number, secret, "127.0.0.1", self.nodes[node].ports.sip)

    async def state(self, bridge: BridgeProcess, number: str) -> dict[str, Any]:
        """Ask a bridge for the state of an extension; empty if it cannot tell just now."""
        headers = {"Authorization": f"Bearer {self.token}"}
        path = f"{bridge.address}api/v1/extensions/{number}/state"
        async with (
            aiohttp.ClientSession() as session,
            session.get(path, headers=headers) as response,
        ):
            return await response.json() if response.status == 200 else {}

    async def shows(
        self,
        bridge: BridgeProcess,
        number: str,
        seconds: float = PATIENCE_SECONDS,
        **wanted: object,
    ) -> None:
        """Wait until a bridge shows this of an extension."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            state = await self.state(bridge, number)
            if state and all(state[name] == value for name, value in wanted.items()):
                return
            assert clock() < deadline, f"{number} is {state}, not {wanted}"
            await asyncio.sleep(0.1)

    async def listening(self, *bridges: BridgeProcess, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until each node's link is up, and held by one of these bridges."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        pids = {bridge.process.pid for bridge in bridges}
        while True:
            rows = await Node.all()
            if all(row.link_up and _pid(row) in pids for row in rows):
                return
            told = [(row.name, row.bridge, row.link_up, row.link_reason) for row in rows]
            assert clock() < deadline, told
            await asyncio.sleep(0.05)

    async def told(self) -> None:
        """Wait until every Asterisk was told everything that it must know."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE_SECONDS
        while waiting := await AsteriskNotice.all().values():
            assert clock() < deadline, waiting
            await asyncio.sleep(0.05)

    def _variables(self) -> dict[str, str]:
        said = {
            "DATABASE__URL": self.url,
            "ASTERISK__QUALIFY_FREQUENCY": str(QUALIFY_SECONDS),
            "VOICEMAIL__SPOOL": str(self.nodes[NODES[0]].voicemail),
            "SMTP__PORT": "1",
            "LOG__LEVEL": "info",
        }
        for name, asterisk in self.nodes.items():
            said[f"NODES__{name.upper()}__AMI_PORT"] = str(asterisk.ports.ami)
            said[f"NODES__{name.upper()}__AMI_SECRET"] = asterisk.ami_secret
        return said


class Bridges:
    """Two bridges, each of which takes over from the other."""

    def __init__(self, site: Site, stack: AsyncExitStack) -> None:
        self._site = site
        self._stack = stack
        self.both: list[BridgeProcess] = []

    async def begin(self) -> None:
        """Start both."""
        await self._start()
        await self._site.listening(*self.both)
        await self._start()

    async def listener(self, node: str) -> BridgeProcess:
        """Return the bridge that listens to a node."""
        row = await Node.get(name=node)
        return next(bridge for bridge in self.both if _pid(row) == bridge.process.pid)

    async def taken_over(self, gone: BridgeProcess, seconds: float) -> BridgeProcess:
        """Wait until the other one listens to every node, and return it; start another."""
        self.both.remove(gone)
        [left] = self.both
        await self._site.listening(left, seconds=seconds)
        await self._start()
        return left

    async def _start(self) -> None:
        name = f"bridge-{secrets.token_hex(3)}"
        self.both.append(await self._stack.enter_async_context(self._site.bridge(name)))


def _pid(row: Node) -> int:
    return int(row.bridge.split()[2] if row.bridge else 0)


@asynccontextmanager
async def running_site(folder: Path) -> AsyncIterator[Site]:
    """Run the Asterisks and PostgreSQL, with no bridge yet."""
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(PostgresServer(folder / "postgres"))
        await postgres.create_database("site")
        url = postgres.url("site")
        nodes = {name: AsteriskInstance(folder / name, url) for name in NODES}
        settings = Settings(
            database=DatabaseSettings(url=SecretStr(url)),
            nodes={
                name: NodeSettings(ami_port=node.ports.ami, ami_secret=SecretStr(node.ami_secret))
                for name, node in nodes.items()
            },
        )
        forget_statements()
        await prepare(settings)
        await asyncio.gather(*(stack.enter_async_context(node) for node in nodes.values()))
        stack.callback(forget_statements)
        await stack.enter_async_context(open_database(url))
        accounts = Accounts(idle=timedelta(hours=1), longest=timedelta(hours=1))
        await accounts.create_admin("admin")
        await User.all().update(must_change_password=False)
        _, token = await ApiTokens().create(ADMIN, "tests", TokenScope.READ, 1)
        extensions = extensions_on(EventBus(), qualify_frequency=QUALIFY_SECONDS)
        yield Site(folder, postgres, url, nodes, extensions, token)
