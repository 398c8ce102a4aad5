"""The call centre: queues as they are now, agents, today's calls and their log, wired by hand.

A part of the composition root (service.py).
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from zoneinfo import ZoneInfo

from pbxbridge.asterisk.queue_link import QueueLink
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.nodes.links import NodeLinks
from pbxbridge.services.call_centre.agent_desk import AgentDesk
from pbxbridge.services.call_centre.agent_flags import AgentFlags
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.call_log import CallLog
from pbxbridge.services.call_centre.day_totals import DayTotals
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.settings import Settings


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
        self.flags = AgentFlags(bus, self.queue_board)
        self.totals = DayTotals(bus, zone)
        self.log = CallLog(zone, timedelta(days=said.keep_days))
        self._links = {
            name: QueueLink(name, node, self.queue_board, self._tell)
            for name, node in nodes.items()
        }

    def background(self) -> dict[str, Coroutine[None, None, None]]:
        """Return what every bridge runs, by task name."""
        links = {f"queues-{name}": link.run() for name, link in self._links.items()}
        return {**links, "day-totals": self.totals.run()}

    def _tell(self) -> None:
        if change := self.queue_board.take_changes():
            self._bus.publish(change)
