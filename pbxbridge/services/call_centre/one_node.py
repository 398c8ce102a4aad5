"""An agent is at one node: who logs in by phone at another is logged out at the first.

The dialplan of a node knows nothing of the others. Which login is the last, each Asterisk remembers
(placement.arriving): of memberships that a node has restored after an outage AMI tells the time of
that only. So they are read when somebody is seen at two nodes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from pbxbridge.asterisk.notices import Link
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import Event, EventBus, Overflowed, QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.call_centre.placement import ARRIVAL, leaving
from pbxbridge.services.call_centre.telling import carry_out, remembered_value

# Events of queues come by a connection of their own: another one carries actions, and may be away.
RETRY_SECONDS = 5.0

log = structlog.get_logger(__name__)


class OneNode:
    """Logs agents out wherever they were before. One bridge does it."""

    def __init__(
        self,
        bus: EventBus,
        to: Callable[[str], Link],
        queues: QueueBoard,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """``to`` gives what carries actions to a node; what fails is tried again by and by."""
        self._bus = bus
        self._to = to
        self._queues = queues
        self._retry = retry_seconds
        self._unsettled: set[str] = set()

    async def run(self) -> None:
        """Do so for ever."""
        with self._bus.subscribe() as events:
            self._unsettled |= self._queues.agents()
            while True:
                await self._settle()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._retry if self._unsettled else None):
                        self._note(await events.get())

    def _note(self, event: Event) -> None:
        match event:
            case QueuesChanged(_, _, None) | Overflowed():
                self._unsettled |= self._queues.agents()
            case QueuesChanged(_, _, agents) if agents:
                self._unsettled |= agents

    async def _settle(self) -> None:
        """See to who was named; who is left could not be seen to, and is tried again."""
        for agent in sorted(self._unsettled):
            try:
                if len(nodes := self._queues.nodes_of(agent)) > 1:
                    await self._keep_last(agent, nodes)
                self._unsettled.discard(agent)
            except AsteriskUnavailable as unavailable:
                log.warning("agent.in_two_places", agent=agent, reason=str(unavailable))
            except Exception:
                # A fault of ours with one agent must not end the bridge.
                self._unsettled.discard(agent)
                log.exception("agent.broke", agent=agent)

    async def _keep_last(self, agent: str, nodes: list[str]) -> None:
        since = {node: await self._since(agent, node) for node in nodes}
        last = max(nodes, key=lambda node: since[node])
        for node in nodes:
            if node != last:
                present = self._queues.of_agent(agent, node)
                await carry_out(self._to(node), leaving(agent, present))
                log.info("agent.moved", agent=agent, left=node, to=last)

    async def _since(self, agent: str, node: str) -> int:
        """Return when the agent logged in there (Unix time), 0 if that is not remembered."""
        value = await remembered_value(self._to(node), f"{ARRIVAL}/{agent}")
        return int(value) if value.isdecimal() else 0
