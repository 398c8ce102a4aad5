"""Which endpoints the mirrors follow: the extensions and trunks there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import structlog

from pbxbridge.events import (
    Event,
    EventBus,
    ExtensionDeleted,
    ExtensionSaved,
    Overflowed,
    Technology,
    TrunksChanged,
)
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.services.calling.trunks import Trunks
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.keep_trying import until_stored

log = structlog.get_logger(__name__)


class Tracking:
    """Has every mirror of this bridge, and the board, follow what is there.

    ``followed`` are the names of all endpoints, as far as this bridge has heard.
    """

    def __init__(self, bus: EventBus, board: Board, extensions: Extensions, trunks: Trunks) -> None:
        self._bus = bus
        self._board = board
        self._extensions = extensions
        self._trunks = trunks
        self._mirrors: set[Mirror] = set()
        self._followed_trunks: Mapping[str, bool] = {}
        self._turn = asyncio.Lock()
        self.followed: set[str] = set()

    @asynccontextmanager
    async def keeping(self, mirror: Mirror) -> AsyncIterator[None]:
        """Have the mirror follow what is there, for the length of the block."""
        self._mirrors.add(mirror)
        try:
            async with self._turn:
                await until_stored(partial(self._read, mirror))
            yield
        finally:
            self._mirrors.discard(mirror)

    async def begin(self) -> None:
        """Read what is there; to be called once, before anything runs."""
        async with self._turn:
            await self._read()

    async def run(self) -> None:
        """Follow what changes, for ever."""
        with self._bus.subscribe() as events:
            async for event in events:
                try:
                    await self._follow(event)
                except Exception:
                    # A fault of ours at one event must not end the bridge.
                    log.exception("event.broke", kind=type(event).__name__)

    async def _follow(self, event: Event) -> None:
        # One after the other: a list that was read before a change must not undo it.
        async with self._turn:
            match event:
                case ExtensionSaved(number, monitored, technology):
                    self._track(number, monitored, technology)
                case ExtensionDeleted(number):
                    self._forget(number)
                case TrunksChanged():
                    await until_stored(self._follow_trunks)
                case Overflowed():
                    await until_stored(partial(self._read, *self._mirrors))

    async def _read(self, *mirrors: Mirror) -> None:
        self._followed_trunks = await self._trunks.monitored()
        monitored = {**await self._extensions.monitored(), **self._followed_trunks}
        technologies = await self._extensions.technologies()
        for mirror in mirrors:
            await mirror.track_all(monitored, technologies)
        self.followed.clear()
        self.followed.update(monitored)
        await self._board.follow_only(self.followed)

    async def _follow_trunks(self) -> None:
        """Trunks are endpoints like any other."""
        before, self._followed_trunks = self._followed_trunks, await self._trunks.monitored()
        for name in before.keys() - self._followed_trunks.keys():
            self._forget(name)
        for name, monitored in self._followed_trunks.items():
            self._track(name, monitored, Technology.PJSIP)

    def _track(self, number: str, monitored: bool, technology: Technology) -> None:
        self.followed.add(number)
        self._board.follow([number])
        for mirror in self._mirrors:
            mirror.track(number, monitored, technology)

    def _forget(self, number: str) -> None:
        self.followed.discard(number)
        for mirror in self._mirrors:
            mirror.untrack(number)
        self._board.forget(number)
