"""The AMI link by which a bridge follows the queues of one node; every bridge has its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.settings import NodeSettings


class QueueLink:
    """STUB (helper C)."""

    def __init__(
        self, node: str, settings: NodeSettings, board: QueueBoard, tell: Callable[[], None]
    ) -> None:
        """``tell`` publishes what changed on the board."""
        self._node = node
        self._settings = settings
        self._board = board
        self._tell = tell

    async def run(self) -> NoReturn:
        """Keep the link up until cancelled."""
        while True:
            await asyncio.sleep(3600)

    def look_again(self) -> None:
        """Have the queues listed again soon: their rows changed, of which Asterisk says nothing."""
