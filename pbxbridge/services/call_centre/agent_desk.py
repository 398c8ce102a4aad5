"""Logging agents in and out, pausing them, from the portal: what the feature codes do, over AMI."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pbxbridge.asterisk.notices import Link
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.actor import Actor


class AgentDesk:
    """STUB (helper C)."""

    def __init__(
        self, to: Callable[[str], Link], board: Board, queues: QueueBoard, reasons: Sequence[str]
    ) -> None:
        """``to`` gives what carries actions to a node; ``reasons`` are why agents may pause."""
        self._to = to
        self._board = board
        self._queues = queues
        self.reasons = tuple(reasons)

    async def log_in(self, actor: Actor, agent: str, extension: str) -> None:
        """Log an agent in at an extension. Raises Invalid by field, NotFound, AsteriskUnavailable."""

    async def log_out(self, actor: Actor, agent: str) -> None:
        """Log an agent out. Raises NotFound, Conflict if they are not logged in, AsteriskUnavailable."""

    async def pause(self, actor: Actor, agent: str, reason: str = "") -> None:
        """Have an agent get no more calls. Raises as log_out, and Invalid for another reason."""

    async def ready(self, actor: Actor, agent: str) -> None:
        """Have an agent get calls again. Raises as log_out."""
