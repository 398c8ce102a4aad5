"""Puts on the board what other bridges stored of the nodes that they listen to."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

import structlog
from tortoise.exceptions import DBConnectionError, OperationalError

from pbxbridge.events import EventBus, NodeChanged, Overflowed
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.models.node import Node
from pbxbridge.services.states.node_states import stored_states

# Without news it is looked that often whether the bridges of the others are still alive.
LOOK_SECONDS = 2.0
READ_SECONDS = 3.0
# A bridge says so every two seconds; what one does not say for that long is old.
SILENT_SECONDS = 6.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Seen:
    """What was read last of a node.

    ``alive_at`` is by our own clock, not the other bridge's: when it was seen to write something.
    What was written before we looked says nothing of now.
    """

    row: Node | None = None
    alive_at: float = -math.inf
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class OtherNodes:
    """Reads what is new of every node that this bridge does not listen to itself."""

    def __init__(
        self,
        bus: EventBus,
        board: Board,
        own: Container[str],
        followed: Container[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``own`` are the nodes that this bridge listens to at the moment.

        ``followed`` are the endpoints there are: states of others are yet to be deleted.
        """
        self._bus = bus
        self._board = board
        self._own = own
        self._followed = followed
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    async def run(self) -> NoReturn:
        """Read what is new whenever there are news, for ever."""
        with self._bus.subscribe() as events:
            while True:
                try:
                    async with asyncio.timeout(READ_SECONDS):
                        await self.read()
                except (TimeoutError, OperationalError, DBConnectionError) as why:
                    log.warning("other_nodes.not_read", reason=str(why))
                    self._show_links()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        while not isinstance(await events.get(), NodeChanged | Overflowed):
                            pass

    async def read(self) -> None:
        """Read what is new."""
        now = self._clock()
        rows = {row.name: row for row in await Node.all()}
        for node in self._board.links:
            if node in self._own:
                self._seen.pop(node, None)
            elif row := rows.get(node):
                await self._read(row, now)
            else:
                # A bridge with other settings has forgotten it: what was told of it is old.
                self._seen.setdefault(node, _Seen()).row = None
        self._show_links()

    async def _read(self, row: Node, now: float) -> None:
        seen = self._seen.setdefault(row.name, _Seen())
        before = seen.row
        if before and _written(before) != _written(row):
            seen.alive_at = now
        goes_on = before is not None and before.epoch == row.epoch and before.seq <= row.seq
        if not goes_on:
            before = None  # another bridge's, or made anew: nothing of it is known
        if before is None or before.seq != row.seq:
            states = await stored_states(row.name, before.seq if before else -1)
            if row.name in self._own:
                return  # taken over meanwhile: what was read is older than what is shown
            there = [state for state in states if state.endpoint in self._followed]
            show = self._board.states_changed if before else self._board.replace
            show(row.name, there)
        seen.row = row

    def _show_links(self) -> None:
        for node, seen in self._seen.items():
            if node not in self._own:
                self._board.link_changed(node, self._link(seen))

    def _link(self, seen: _Seen) -> LinkState:
        row = seen.row
        if row is None:
            return LinkState(False, seen.since, "No bridge has stored anything of it.")
        if not row.link_up:
            return LinkState(False, row.link_since or seen.since, row.link_reason)
        if self._clock() - seen.alive_at <= SILENT_SECONDS:
            return LinkState(True, row.link_since or seen.since)
        return LinkState(
            False, row.heartbeat_at or seen.since, "The bridge that listened to it does not answer."
        )


def _written(row: Node) -> tuple[object, ...]:
    """Return what changes with everything that a bridge writes of the node."""
    return row.epoch, row.seq, row.heartbeat_at
