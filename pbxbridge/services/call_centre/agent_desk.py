"""Logging agents in and out, pausing them, from the portal: what the feature codes do, over AMI."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pbxbridge.asterisk.notices import Link
from pbxbridge.errors import AsteriskUnavailable, Conflict, Invalid, NotFound
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.queue_board import Presence, QueueBoard
from pbxbridge.models.call_centre import Agent
from pbxbridge.models.extension import Extension
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.placement import (
    Action,
    arriving,
    forgotten,
    leaving,
    moves,
    remembered,
)
from pbxbridge.services.call_centre.telling import carry_out, queues_of
from pbxbridge.services.column import fits
from pbxbridge.services.device_types import device_of
from pbxbridge.services.extension_store import look_up


class AgentDesk:
    """Acts on the node where the agent is, or is to be."""

    def __init__(
        self,
        to: Callable[[str], Link],
        board: Board,
        queues: QueueBoard,
        reasons: Sequence[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``to`` gives what carries actions to a node; ``reasons`` are why agents may pause.

        ``clock`` tells Unix time.
        """
        self._to = to
        self._board = board
        self._queues = queues
        self.reasons = tuple(reasons)
        self._clock = clock

    async def log_in(self, actor: Actor, agent: str, extension: str) -> None:
        """Log an agent in at an extension's phone; whoever is logged in elsewhere moves there.

        Raises Invalid by field, NotFound, AsteriskUnavailable.
        """
        await _require_agent(agent)
        row, wanted = await look_up(extension.strip().lower()), await queues_of(agent)
        if row is None:
            raise Invalid({"extension": "There is no such extension."})
        if not row.agent_logins:
            raise Invalid({"extension": f"Agents may not log in at extension {row.number}."})
        if not wanted:
            raise Invalid({"": f"Agent {agent} takes calls of no queue yet."})
        node = self._board.state_of(row.number).node or self._queues.nodes[0]
        if unheard := self._queues.unheard.get(node):
            raise AsteriskUnavailable(unheard.reason)  # who is there is not known
        there = self._queues.at(row.number)
        if there and there.agent and there.agent != agent:
            raise Invalid({"extension": f"Agent {there.agent} is logged in at {row.number}."})
        device = device_of(row)
        before = self._queues.agent(agent)
        # At a node that is away they are logged out when it is back (one_node.py).
        if before and before.node != node and before.fresh:
            await self._leave(before)
        link, present = self._to(node), self._queues.of_agent(agent, node)
        actions = moves(agent, device, wanted, present)
        for other in sorted({each.interface for each in present} - {device}):
            actions += forgotten("", other)
        arrival = arriving(agent, self._clock())
        await carry_out(link, [arrival, *actions, *remembered(agent, device)])
        await audit.record_done(actor, "agent.logged-in", agent, after={"extension": row.number})

    async def log_out(self, actor: Actor, agent: str) -> None:
        """Log an agent out.

        Raises NotFound, Conflict if they are not logged in, AsteriskUnavailable.
        """
        presence = await self._logged_in(agent)
        await self._leave(presence)
        before = {"extension": presence.number}
        await audit.record_done(actor, "agent.logged-out", agent, before=before)

    async def pause(self, actor: Actor, agent: str, reason: str = "") -> None:
        """Have an agent get no more calls. Raises as log_out does, and Invalid for the reason."""
        if reason and reason not in self.reasons:
            raise Invalid({"reason": "Choose one of the list."})
        await self._pause(await self._logged_in(agent), reason, paused=True)
        await audit.record_done(actor, "agent.paused", agent, after={"reason": reason})

    async def ready(self, actor: Actor, agent: str) -> None:
        """Have an agent get calls again. Raises as log_out does."""
        await self._pause(await self._logged_in(agent), "", paused=False)
        await audit.record_done(actor, "agent.ready", agent)

    async def _logged_in(self, agent: str) -> Presence:
        await _require_agent(agent)
        presence = self._queues.agent(agent)
        if presence is None or not presence.fresh:
            for link in self._queues.unheard.values():
                raise AsteriskUnavailable(link.reason)
        if presence is None:
            raise Conflict(f"Agent {agent} is not logged in.")
        return presence

    async def _leave(self, presence: Presence) -> None:
        present = self._queues.of_agent(presence.agent, presence.node)
        await carry_out(self._to(presence.node), leaving(presence.agent, present))

    async def _pause(self, presence: Presence, reason: str, *, paused: bool) -> None:
        fields = {"Interface": presence.interface, "Paused": "true" if paused else "false"}
        if reason:
            fields["Reason"] = reason
        await carry_out(self._to(presence.node), [Action("QueuePause", fields)])


async def _require_agent(number: str) -> None:
    known = fits(Agent, "number", number) and await Agent.filter(number=number).exists()
    if not known:
        raise NotFound(f"There is no agent {number[:20]}.")


async def phones_for_agents() -> list[str]:
    """Return the extensions at whose phones agents may log in, in dialling order."""
    allowed = Extension.filter(agent_logins=True).order_by("sort_key")
    return [str(number) for number in await allowed.values_list("number", flat=True)]
