"""Agents: who they are, and the rows by which they log in at a phone."""

from __future__ import annotations

from collections.abc import Collection

from pbxbridge.events import EventBus


class Agents:
    """STUB (helper A makes it Records[Agent, AgentInput], what = "agent", key = "number")."""

    def __init__(self, bus: EventBus, total: int | None, managers: Collection[str]) -> None:
        """Allow ``total`` agents, None for no limit; ``managers`` are their numbers."""
        self._bus = bus
        self.managers = frozenset(managers)
