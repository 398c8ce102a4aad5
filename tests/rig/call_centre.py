"""The call centre's services on a test's database, with an Asterisk that is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.services.call_centre.agent_desk import AgentDesk
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.call_log import CallLog
from pbxbridge.services.call_centre.day_totals import DayTotals
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.call_centre.wallboard import Wallboard

REASONS = ("Break", "Lunch")


class NoAsterisk:
    """Carries no action anywhere."""

    async def action(self, name: str, /, **_: str) -> NoReturn:
        """Say that Asterisk is away."""
        raise AsteriskUnavailable(f"No AMI connection for {name}.")


def call_centre_on(bus: EventBus, board: Board, queue_board: QueueBoard) -> dict[str, Any]:
    """Return what a portal is given of the call centre, by the names of its fields."""
    return {
        "agents": Agents(bus, None, ()),
        "queues": Queues(bus),
        "queue_board": queue_board,
        "agent_desk": AgentDesk(lambda _: NoAsterisk(), board, queue_board, REASONS),
        "wallboard": Wallboard(bus, queue_board, DayTotals(bus, None)),
        "call_log": CallLog(None, timedelta(days=90)),
    }


async def queue_row(name: str, number: str = "600", **other: Any) -> CallQueue:
    """Write a queue into the portal's table alone: Asterisk is not told of it."""
    usual: dict[str, Any] = {
        "strategy": "rrmemory",
        "timeout": 15,
        "wrap_up": 0,
        "music": "default",
        "max_wait": 0,
        "announce_every": 0,
        "service_level": 20,
        "join_empty": True,
        "fallback": "",
    }
    return await CallQueue.create(name=name, number=number, **usual | other)
