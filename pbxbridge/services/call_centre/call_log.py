"""The log of calls in queues, as Asterisk keeps it in queue_log: to read, to export, to prune."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo


class CallLog:
    """STUB (helper D)."""

    def __init__(self, zone: ZoneInfo | None, keep: timedelta) -> None:
        """``zone`` is whose days are meant, None for the machine's; ``keep`` how long rows stay."""
        self._zone = zone
        self._keep = keep

    async def run(self) -> None:
        """Prune for ever. One bridge at a time does."""
        await asyncio.Event().wait()
