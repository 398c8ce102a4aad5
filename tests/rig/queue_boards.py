"""What tests ask a board of queues, and what it tells."""

from __future__ import annotations

from pbxbridge.events import QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_member import AgentState


def change(queues: str = "", numbers: str = "", agents: str = "") -> QueuesChanged:
    """Return an event; each argument has names between blanks."""
    return QueuesChanged(*(frozenset(each.split()) for each in (queues, numbers, agents)))


def states(board: QueueBoard, queue: str = "sales") -> dict[str, AgentState]:
    """Return what each member of a queue does, by extension."""
    return {each.number: each.state for each in board.members_of(queue)}
