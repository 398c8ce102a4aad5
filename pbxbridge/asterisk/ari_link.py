"""The ARI link of one Asterisk node: kept up for ever, what it tells of channels put on the board.

A round is: connect, ask for the events of all channels, read the channels there are, then follow
events until the connection is lost. Events that came before the list are applied after it: each
tells what a channel is, so what is older than the list is corrected by what follows.

Every bridge has a link to every node of its own, and a name of its own as an application of ARI.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import NoReturn

import structlog

from pbxbridge.asterisk.ari_client import AriClient, Event, connected
from pbxbridge.asterisk.ari_http import AriRefused
from pbxbridge.asterisk.pauses import Pauses
from pbxbridge.errors import AsteriskUnavailable, Conflict
from pbxbridge.mirror.call_board import CallBoard, Channel
from pbxbridge.settings import NodeSettings
from pbxbridge.task_groups import first_of, raise_if_cancelled

APP = f"pbxbridge-{token_hex(8)}"

RING_SECONDS = 20
# What ends such a call if no bridge does.
LONGEST_SECONDS = 60

_CHANNEL_IS = frozenset({"ChannelCreated", "ChannelStateChange", "StasisStart"})
_KINDS = (*sorted(_CHANNEL_IS), "ChannelDestroyed", "PlaybackFinished")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AriTiming:
    """How patient the link is, all in seconds.

    Reconnecting waits ``retry_first``, doubled each time up to ``retry_longest``, less up to half
    of it at random. ``look_every`` is how often an Asterisk that hangs is looked for. ``gather`` is
    how long changes are collected before they are told.
    """

    retry_first: float = 0.5
    retry_longest: float = 15.0
    look_every: float = 15.0
    gather: float = 0.05


class AriLink:
    """Keeps the board fed from one Asterisk, makes and ends calls there."""

    def __init__(  # noqa: PLR0913 - a node, whom to tell what of it, what to play there
        self,
        node: str,
        settings: NodeSettings,
        board: CallBoard,
        tell: Callable[[], None],
        prompt: str,
        timing: AriTiming | None = None,
    ) -> None:
        """``tell`` publishes what changed on the board; ``prompt`` is the name of a sound."""
        self._node = node
        self._settings = settings
        self._board = board
        self._tell = tell
        self._prompt = prompt
        self._timing = timing or AriTiming()
        self._client: AriClient | None = None
        self._early: list[Event] | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._rung: set[str] = set()
        self._reason = "pbxbridge is not connected to ARI yet."
        self._said = ""

    async def run(self) -> NoReturn:
        """Keep the link up until cancelled."""
        pauses = Pauses(self._timing.retry_first, self._timing.retry_longest)
        try:
            while True:
                if await self._round():
                    pauses.begin_anew()
                raise_if_cancelled()
                await asyncio.sleep(pauses.next())
        finally:
            if self._telling is not None:
                self._telling.cancel()

    async def ring(self, device: str, caller_id: str) -> None:
        """Call a device, as PJSIP/1001; when somebody answers, play the prompt and hang up.

        Raises Conflict if there is no such device at the moment, AsteriskUnavailable.
        """
        client = self._connected()
        channel = f"{APP}-{token_hex(8)}"
        self._rung.add(channel)
        try:
            await client.originate(
                channel,
                device,
                callerId=caller_id,
                timeout=RING_SECONDS,
                variables={"TIMEOUT(absolute)": str(LONGEST_SECONDS)},
            )
        except AsteriskUnavailable as why:
            self._rung.discard(channel)
            # "Allocation failed": there is nowhere to send the call.
            if isinstance(why, AriRefused) and why.status >= 500:
                raise Conflict(f"Asterisk cannot reach {device}.") from why
            raise

    async def hang_up(self, channel: str) -> bool:
        """End a channel; false if it had ended by itself. Raises AsteriskUnavailable."""
        try:
            await self._connected().hang_up(channel)
        except AriRefused as why:
            if why.status == 404:
                return False
            raise
        return True

    def require(self) -> None:
        """Raise AsteriskUnavailable, with the reason as a sentence, unless the link is up."""
        self._connected()

    def _connected(self) -> AriClient:
        if self._client is None:
            raise AsteriskUnavailable(self._reason)
        return self._client

    async def _round(self) -> bool:
        """Follow the node until the link is lost; return whether it was up."""
        was_up = False
        self._early = []
        try:
            async with connected(self._settings, APP, self._on_event) as client:
                await client.follow_channels(_KINDS)
                self._begin(await client.channel_list())
                was_up = True
                self._up(client)
                while True:
                    await asyncio.sleep(self._timing.look_every)
                    await client.is_following()
        except* AsteriskUnavailable as lost:
            self._down(str(first_of(lost)))
        except* Exception as broken:
            # A fault of ours, or an Asterisk with another API: it must not end the bridge.
            self._down(f"ARI of {self._settings.host} cannot be used.", broken)
        finally:
            self._client = None
            self._rung.clear()
            self._board.lost(self._node)
            self._tell()
        return was_up

    def _begin(self, channels: list[Event]) -> None:
        early, self._early = self._early or [], None
        self._board.heard(self._node, [_channel(each) for each in channels])
        for event in early:
            self._on_event(event)
        self._soon()

    def _on_event(self, event: Event) -> None:
        if self._early is not None:
            self._early.append(event)
            return
        try:
            self._take(event)
        except Exception:
            # A fault of ours at one event must not end the connection.
            log.exception("ari.event_broke", node=self._node)
        self._soon()

    def _take(self, event: Event) -> None:
        match event["type"]:
            case kind if kind in _CHANNEL_IS:
                self._board.channel_is(self._node, _channel(event["channel"]))
                if kind == "StasisStart" and event["channel"]["id"] in self._rung:
                    self._do(self._play, event["channel"]["id"])
            case "ChannelDestroyed":
                self._board.channel_is_gone(self._node, event["channel"]["id"])
                self._rung.discard(event["channel"]["id"])
            case "PlaybackFinished":
                self._do(self._end, event["playback"]["target_uri"].removeprefix("channel:"))

    def _do(self, work: Callable[[AriClient, str], object], channel: str) -> None:
        if self._client is not None:
            self._client.taskgroup.start_soon(work, self._client, channel)

    async def _play(self, client: AriClient, channel: str) -> None:
        try:
            await client.play(channel, f"sound:{self._prompt}")
        except AsteriskUnavailable as why:
            log.warning("ring.not_played", node=self._node, reason=str(why))
            await self._end(client, channel)

    async def _end(self, client: AriClient, channel: str) -> None:
        # Who answered may have hung up before, and else LONGEST_SECONDS do.
        with suppress(AsteriskUnavailable):
            await client.hang_up(channel)

    def _soon(self) -> None:
        if self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(self._timing.gather, self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        self._tell()

    def _up(self, client: AriClient) -> None:
        self._client = client
        self._said = ""
        log.info("ari.connected", node=self._node, url=self._settings.ari_url)

    def _down(self, reason: str, broken: BaseException | None = None) -> None:
        """Tell the loss once, and once more if it turns out to have another reason."""
        self._reason = reason
        if reason != self._said:
            log.warning("ari.lost", node=self._node, reason=reason, exc_info=broken)
            self._said = reason


def _channel(said: Event) -> Channel:
    return Channel(said["id"], said["name"], said["state"])
