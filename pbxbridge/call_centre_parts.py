"""The call centre: queues as they are now, agents, today's calls and their log, wired by hand.

A part of the composition root (service.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from ami_handlers import QUEUE_HANDLERS
from pbxbridge.asterisk.queue_link import QueueLink
from pbxbridge.cluster.lease import Work
from pbxbridge.events import (
    CallCentreSaved,
    EventBus,
    ExtensionDeleted,
    ExtensionSaved,
    Overflowed,
)
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_feed import QueueFeed
from pbxbridge.nodes.links import NodeLinks
from pbxbridge.services.call_centre.agent_desk import AgentDesk
from pbxbridge.services.call_centre.agent_flags import AgentFlags
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.call_log import CallLog
from pbxbridge.services.call_centre.day_totals import DayTotals
from pbxbridge.services.call_centre.one_node import OneNode
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.call_centre.telling import QueueTelling
from pbxbridge.services.call_centre.wallboard import Wallboard
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.settings import Settings

# How late a wrap-up may be seen to end.
TICK_SECONDS = 0.5

log = structlog.get_logger(__name__)


class CallCentreParts:
    """What the rest of the bridge needs of it."""

    def __init__(self, settings: Settings, bus: EventBus, board: Board, links: NodeLinks) -> None:
        said, nodes = settings.call_centre, settings.by_node()
        zone = ZoneInfo(said.time_zone) if said.time_zone else None
        self._bus = bus
        self.queue_board = QueueBoard(nodes)
        self.agents = Agents(bus, settings.licence.agents, settings.licence.managers)
        self.queues = Queues(bus)
        self.desk = AgentDesk(links.to, board, self.queue_board, said.pause_reasons)
        self._flags = AgentFlags(bus, self.queue_board)
        self._one_node = OneNode(bus, links.to, self.queue_board)
        self._totals = DayTotals(bus, zone)
        self.wallboard = Wallboard(bus, self.queue_board, self._totals)
        self.log = CallLog(zone, timedelta(days=said.keep_days) if said.keep_days else None)
        self._links = {
            name: QueueLink(
                name, node, QueueFeed(name, self.queue_board), QUEUE_HANDLERS, self._tell
            )
            for name, node in nodes.items()
        }

        self.telling = QueueTelling(self.queue_board, self._list_again)

    def background(self) -> dict[str, Coroutine[None, None, None]]:
        """Return what every bridge runs, by task name."""
        links = {f"queues-{name}": link.run() for name, link in self._links.items()}
        return {
            **links,
            "queue-rows": self._follow_rows(),
            "wrap-ups": self._follow_wrap_ups(),
            "day-totals": self._totals.run(),
            "wallboard": self.wallboard.run(),
        }

    def of_one_bridge(self) -> dict[str, Work]:
        """Return what only one of all bridges may do at a time."""
        work: dict[str, Work] = {
            "agent-flags": self._flags.run,
            "call-log-pruning": self.log.run,
        }
        if len(self._links) > 1:
            work["agents-at-one-node"] = self._one_node.run
        return work

    def agents_at(self, numbers: Iterable[str]) -> dict[str, str]:
        """Return the agents who are logged in at these extensions' phones."""
        present = {number: self.queue_board.at(number) for number in numbers}
        return {number: there.agent for number, there in present.items() if there}

    async def _follow_rows(self) -> None:
        """Have the queues listed again whenever their rows may be other than before."""
        with self._bus.subscribe() as events:
            await self._look_again()
            async for event in events:
                match event:
                    case CallCentreSaved() | ExtensionSaved() | ExtensionDeleted() | Overflowed():
                        try:
                            await self._look_again()
                        except Exception:
                            # A fault of ours at one event must not end the bridge.
                            log.exception("queue_rows.broke", kind=type(event).__name__)

    async def _look_again(self) -> None:
        self.queue_board.configure(await until_stored(self.queues.wrap_ups))
        self._list_again()
        self._tell()

    def _list_again(self) -> None:
        for link in self._links.values():
            link.look_again()

    async def _follow_wrap_ups(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.queue_board.tick()
            self._tell()

    def _tell(self) -> None:
        if change := self.queue_board.take_changes():
            self._bus.publish(change)
