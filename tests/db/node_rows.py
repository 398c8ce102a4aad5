"""A node whose mirror says something, as the bridge that listens to it stores it."""

from __future__ import annotations

from datetime import UTC, datetime

from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.models.node import Node
from pbxbridge.services.states.node_states import (
    NodeStates,
    stored_states,
    take_over,
)
from pbxbridge.settings import ONLY_NODE

SEEN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
OK = EndpointState("1001", Status.OK, "192.0.2.1", 5060, 3.25, "Polycom/6.4", None)
AWAY = EndpointState("1001", Status.UNREACHABLE, "192.0.2.1", 5060, None, "Polycom/6.4", SEEN)
BLANK = EndpointState("1001", last_seen=SEEN)


# The endpoints that every bridge follows.
HERE = {"1001"}


async def listening(*followers: object) -> NodeStates:
    turn = await take_over(ONLY_NODE)
    return NodeStates(ONLY_NODE, turn, await stored_states(ONLY_NODE), followers)  # type: ignore[arg-type]


async def stored(states: NodeStates, *told: EndpointState) -> None:
    states.states_changed(ONLY_NODE, told)
    await states.flush()


async def alive() -> None:
    """Let the bridge that listens say that it is alive."""
    await Node.filter(name=ONLY_NODE).update(heartbeat_at=datetime.now(UTC))


class Ticks:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now
