"""asyncari's client, with events that come as they are, in order, until the connection is lost.

asyncari makes an object of every channel, which it keeps in a dictionary of the whole process: one
of another node, or of before a reconnect, with the same id ends the connection. It prints each
event into a string for a log that nobody reads, ends the connection if a handler raises or if the
event loop is held up, and goes on without a word when Asterisk closes the WebSocket. So of the
library this uses the API that it reads from Asterisk (the operations, as ``client.swagger``), its
WebSocket and its life cycle; events and answers stay plain JSON.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from anyio.abc import TaskGroup
from asyncari.client import Client
from wsproto.events import TextMessage
from wsproto.utilities import ProtocolError

from pbxbridge.asterisk.ari_http import AriHttp
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.settings import NodeSettings

# Every channel of the Asterisk, as a source of events.
_ALL_CHANNELS = "channel:"
_GOODBYE_SECONDS = 1.0

Event = Mapping[str, Any]
OnEvent = Callable[[Event], None]


class AriClient(Client):  # type: ignore[misc]  # asyncari has no types
    """A connection to ARI. Whatever is asked raises AsteriskUnavailable."""

    def __init__(self, tasks: TaskGroup, http: AriHttp, app: str, on_event: OnEvent) -> None:
        super().__init__(tasks, "http://asterisk/", app, http)
        self._http = http
        self._on_event = on_event

    async def follow_channels(self, kinds: Collection[str]) -> None:
        """Be told of all channels, but of events of these ``kinds`` only.

        A call has some 60 events, and all but ten of them are of its variables.
        """
        # Not by asyncari, which wraps the body: Asterisk then says yes and filters nothing.
        wanted = {"allowed": [{"type": kind} for kind in kinds]}
        path = f"/ari/applications/{self.app}/eventFilter"
        await self._http.request("PUT", path, data=json.dumps(wanted))
        await self.swagger.applications.subscribe(
            applicationName=self.app, eventSource=_ALL_CHANNELS
        )

    async def channel_list(self) -> list[Event]:
        """Return the channels there are."""
        answer = await self.swagger.channels.list()
        found: list[Event] = answer.json()
        return found

    async def is_following(self) -> None:
        """Make sure that Asterisk is there and knows of us; raises AsteriskUnavailable if not."""
        await self.swagger.applications.get(applicationName=self.app)

    async def originate(self, channel: str, device: str, **said: object) -> None:
        """Call ``device`` by a channel of that id, which comes to us when it answers."""
        await self.swagger.channels.originateWithId(
            channelId=channel, endpoint=device, app=self.app, **said
        )

    async def play(self, channel: str, media: str) -> None:
        """Play a sound on a channel that is with us."""
        await self.swagger.channels.play(channelId=channel, media=media)

    async def hang_up(self, channel: str) -> None:
        """End a channel."""
        await self.swagger.channels.hangup(channelId=channel)

    async def _run(self, evt: anyio.Event | None = None) -> None:
        """Hand over events until the connection is lost, which ends the group of tasks."""
        websocket = await self.swagger.events.eventWebsocket(app=self.app)
        if evt is not None:
            evt.set()
        try:
            async for message in websocket:
                if isinstance(message, TextMessage):
                    self._on_event(json.loads(message.data))
        except (OSError, anyio.EndOfStream, anyio.BrokenResourceError, ProtocolError) as why:
            raise self._http.unavailable(why) from why
        finally:
            # One that is lost takes no goodbye.
            with (
                anyio.move_on_after(_GOODBYE_SECONDS, shield=True),
                suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError),
            ):
                await websocket.close()
        raise AsteriskUnavailable("Asterisk has closed the ARI connection.")


@asynccontextmanager
async def connected(
    settings: NodeSettings, app: str, on_event: OnEvent
) -> AsyncIterator[AriClient]:
    """Connect for the length of the block; ``on_event`` must neither block nor raise.

    ``app`` is the name of the Stasis application: a second connection of that name would take all
    events from the first. Raises ExceptionGroup of AsteriskUnavailable as soon as the connection is
    lost.
    """
    http = AriHttp(settings)
    try:
        async with anyio.create_task_group() as tasks, AriClient(tasks, http, app, on_event) as ari:
            try:
                yield ari
            finally:
                tasks.cancel_scope.cancel()
    finally:
        await http.close()
