"""AMI as it comes: the text of the stream, and where it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from pbxbridge.asterisk.ami_connection import AmiConnection, open_connection
from pbxbridge.asterisk.ami_message import AmiResponse
from tests.rig.asterisk import AsteriskInstance


class RawAmi:
    """A connection whose text is kept, and another one for actions that want an answer."""

    def __init__(self, asterisk: AsteriskInstance, actions: AmiConnection) -> None:
        self._asterisk = asterisk
        self._actions = actions
        self._said = ""
        self._heard = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._marks = 0

    async def connect(self) -> None:
        """Connect and log in; what was said before the lists is left out."""
        port = self._asterisk.ports.ami
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._reading = asyncio.create_task(self._read(reader))
        user, secret = self._asterisk.ami_user, self._asterisk.ami_secret
        self.send(Action="Login", Username=user, Secret=secret, Events="system,call")
        await self.said_until(["FullyBooted"], 30)
        self._said = ""

    async def close(self) -> None:
        """Close the connection that is listened to."""
        if self._reading is not None and self._writer is not None:
            self._reading.cancel()
            self._writer.close()
        self._said = ""

    def send(self, **headers: str) -> None:
        """Send an action."""
        assert self._writer is not None
        lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        self._writer.write(f"{lines}\r\n".encode())

    async def action(self, name: str, /, **fields: str) -> AmiResponse:
        """Have Asterisk do something, on the connection that is not listened to."""
        return await self._actions.action(name, **fields)

    async def said_until(self, texts: Sequence[str], seconds: float) -> str:
        """Return what was said since the last call, once it has all of these texts."""
        async with asyncio.timeout(seconds):
            await self._until(lambda: all(text in self._said for text in texts))
        await asyncio.sleep(0.5)  # what belongs to it comes right after
        self._marks += 1
        mark = f"mark-{self._marks}"
        self.send(Action="Ping", ActionID=mark)
        async with asyncio.timeout(seconds):
            await self._until(lambda: mark in self._said and self._said.endswith("\r\n\r\n"))
        said, self._said = self._said, ""
        whole = [one for one in said.split("\r\n\r\n") if one and mark not in one]
        return "".join(f"{one}\n\n" for one in whole).replace("\r\n", "\n")

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._heard.clear()
            await self._heard.wait()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self._said += data.decode("utf-8", "replace")
            self._heard.set()


@asynccontextmanager
async def raw_ami(asterisk: AsteriskInstance) -> AsyncIterator[RawAmi]:
    """Listen to an Asterisk for the length of the block."""
    async with open_connection("127.0.0.1", asterisk.ports.ami, 10) as actions:
        user, secret = asterisk.ami_user, asterisk.ami_secret
        await actions.action("Login", Username=user, Secret=secret, Events="off")
        ami = RawAmi(asterisk, actions)
        await ami.connect()
        try:
            yield ami
        finally:
            await ami.close()
