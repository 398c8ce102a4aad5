"""An AMI server that misbehaves on demand, for the faults a real Asterisk can't be asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

Headers: TypeAlias = dict[str, str]
# Returns what is written back for an action, None to stay silent.
Answer: TypeAlias = Callable[[Headers], bytes | None]

_LIST = "PJSIPShowRegistrationInboundContactStatuses"
_LONGEST_ACTION = 1 << 20
SECRET = "s3cret-of-the-link"


def block(**headers: str) -> bytes:
    """Return one AMI message."""
    return "".join(f"{key}: {value}\r\n" for key, value in headers.items()).encode() + b"\r\n"


def reply(action: Headers, response: str = "Success", **headers: str) -> bytes:
    """Return the response to an action."""
    return block(Response=response, ActionID=action["ActionID"], **headers)


def contact_status(aor: str, uri: str, status: str, usec: int = 0) -> bytes:
    """Return a ContactStatus event as Asterisk 22 writes it."""
    return block(
        Event="ContactStatus",
        Privilege="system,all",
        URI=uri,
        ContactStatus=status,
        AOR=aor,
        EndpointName=aor,
        RoundtripUsec=str(usec),
    )


def contact_list(
    action: Headers, contacts: Iterable[tuple[str, str, str]], between: bytes = b""
) -> bytes:
    """Return the list of contacts; ``between`` is put after its items."""
    action_id = action["ActionID"]
    items = [
        block(
            Event="ContactStatusDetail",
            ActionID=action_id,
            AOR=aor,
            URI=uri,
            Status=status,
            RoundtripUsec="N/A",
            EndpointName=aor,
            ID=f"{aor};@0123",
            QualifyFrequency="60",
        )
        for aor, uri, status in contacts
    ]
    return b"".join(
        [
            reply(action, EventList="start", Message="Following are Events"),
            *items,
            between,
            block(Event="ContactStatusDetailComplete", ActionID=action_id, EventList="Complete"),
        ]
    )


def peer_status(peer: str, status: str, **headers: str) -> bytes:
    """Return a PeerStatus event of chan_iax2 as Asterisk 22 writes it."""
    return block(
        Event="PeerStatus",
        Privilege="system,all",
        ChannelType="IAX2",
        Peer=f"IAX2/{peer}",
        PeerStatus=status,
        **headers,
    )


def peer_list(action: Headers, peers: Iterable[tuple[str, str, str, str]]) -> bytes:
    """Return the list of IAX2 peers: name, address, port and status of each."""
    action_id = action["ActionID"]
    items = [
        block(
            Event="PeerEntry",
            ActionID=action_id,
            Channeltype="IAX",
            ObjectName=name,
            IPaddress=address,
            Port=port,
            Status=status,
        )
        for name, address, port, status in peers
    ]
    last = block(Event="PeerlistComplete", ActionID=action_id, EventList="Complete")
    return b"".join([reply(action, EventList="start"), *items, last])


@dataclass
class FakeAmi:
    """A listening AMI; set the public fields to choose what it does.

    ``contacts`` and ``peers`` are what the lists show, ``listed`` gives the contacts if they change
    by themselves, ``answers`` overrides the answer to an action by name, ``hearing`` once cleared
    makes it hang with its connections open, ``boots`` says whether logins are greeted with
    FullyBooted. ``actions`` is everything that was received.
    """

    contacts: list[tuple[str, str, str]] = field(default_factory=list)
    peers: list[tuple[str, str, str, str]] = field(default_factory=list)
    listed: Callable[[], list[tuple[str, str, str]]] | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    hearing: asyncio.Event = field(default_factory=asyncio.Event)
    boots: bool = True
    port: int = 0
    actions: list[Headers] = field(default_factory=list)
    connections: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    def received(self, name: str) -> list[Headers]:
        """Return the actions of that name received so far."""
        return [action for action in self.actions if action["Action"] == name]

    def send(self, data: bytes) -> None:
        """Write to every open connection."""
        for writer in self._writers:
            writer.write(data)

    async def drained(self) -> None:
        """Wait until most of what was written is on its way."""
        for writer in list(self._writers):
            await writer.drain()

    def cut(self, last: bytes = b"") -> None:
        """Close every connection, after these last bytes."""
        for writer in list(self._writers):
            writer.write(last)
            writer.close()

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        self.hearing.set()
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, limit=_LONGEST_ACTION
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop accepting, and cut what is open."""
        self.hearing.set()
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        if self._serving:
            await asyncio.wait(self._serving, timeout=5)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        serving = asyncio.create_task(self._serve(reader, writer), name="fake-ami")
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                action = dict(line.split(": ", 1) for line in lines if line)
                self.actions.append(action)
                await self.hearing.wait()
                if answer := self._answer(action):
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, action: Headers) -> bytes | None:
        name = action["Action"]
        if name in self.answers:
            return self.answers[name](action)
        if name == "Login":
            if action["Secret"] != SECRET:
                return reply(action, "Error", Message="Authentication failed")
            booted = block(Event="FullyBooted", Status="Fully Booted") if self.boots else b""
            return reply(action, Message="Authentication accepted") + booted
        if name == _LIST:
            return contact_list(action, self.listed() if self.listed else self.contacts)
        if name == "IAXpeerlist":
            return peer_list(action, self.peers)
        return reply(action, Ping="Pong")


@asynccontextmanager
async def fake_ami() -> AsyncIterator[FakeAmi]:
    """Run a fake AMI server for the length of the block."""
    server = FakeAmi()
    await server.listen()
    try:
        yield server
    finally:
        await server.stop()
