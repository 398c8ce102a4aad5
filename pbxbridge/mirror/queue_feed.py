"""What one node tells of its queues, put on the board in the order of its stream.

Amid a list, events take effect at once and once more after it: of a queue that was listed before,
they are newer than the list. One that is older than the list is corrected by those that follow.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_column import Caller
from pbxbridge.mirror.queue_member import Member


class QueueFeed:
    """Feeds the board from one node."""

    def __init__(
        self, node: str, board: QueueBoard, clock: Callable[[], float] = time.time
    ) -> None:
        """``clock`` tells Unix time."""
        self._node = node
        self._board = board
        self._clock = clock
        self._members: list[Member] = []
        self._callers: list[Caller] = []
        self._amid: list[Callable[[], None]] | None = None

    def list_begins(self) -> None:
        """Collect a new view."""
        self._members, self._callers, self._amid = [], [], []

    def list_ends(self) -> None:
        """Put the collected view in the place of the present one."""
        amid, self._amid = self._amid or [], None
        self._board.heard(self._node, self._members, self._callers)
        for event in amid:
            event()

    def member_listed(self, member: Member) -> None:
        """Take in one item of the list of members."""
        self._members.append(member)

    def caller_listed(self, queue: str, id_: str, number: str, name: str, waited: float) -> None:
        """Take in one item of the list of callers; ``waited`` is in seconds."""
        self._callers.append(Caller(queue, id_, number, name, self._clock() - waited))

    def member_is(self, member: Member) -> None:
        """Take in an event: what a membership is from now on."""
        self._take(lambda: self._board.member_is(self._node, member))

    def member_gone(self, queue: str, interface: str) -> None:
        """Take in an event: a device left a queue."""
        self._take(lambda: self._board.member_gone(self._node, queue, interface))

    def call_ended(self, queue: str, interface: str) -> None:
        """Take in an event: a device's call of a queue is over."""
        self._take(lambda: self._board.call_ended(self._node, queue, interface))

    def caller_joined(self, queue: str, id_: str, number: str, name: str) -> None:
        """Take in an event: somebody waits from now on."""
        caller = Caller(queue, id_, number, name, self._clock())
        self._take(lambda: self._board.caller_joined(self._node, caller))

    def caller_left(self, queue: str, id_: str) -> None:
        """Take in an event: somebody waits no more, whatever the reason."""
        self._take(lambda: self._board.caller_left(self._node, queue, id_))

    def lost(self, reason: str) -> None:
        """Take all for old from now on; ``reason`` is a sentence for the screen."""
        self._amid = None
        self._board.lost(self._node, reason)

    def _take(self, event: Callable[[], None]) -> None:
        event()
        if self._amid is not None:
            self._amid.append(event)
