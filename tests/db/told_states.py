"""States as a node tells them, stored as the bridge stores them, at moments that a test chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.models.database import write_transaction
from pbxbridge.models.node import Node
from pbxbridge.services.states.change import Change
from pbxbridge.services.states.node_states import Follower
from pbxbridge.services.states.phones_down import follow_phones_down
from pbxbridge.services.states.state_tables import add_changes, put_states

START = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


@dataclass
class Told:
    """A node and what it has told; ``now`` is the clock of this test."""

    node: str = "asterisk"
    followers: list[Follower] = field(default_factory=lambda: [follow_phones_down])
    now: datetime = START
    known: dict[str, EndpointState] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now

    def after(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    async def link(self, *, up: bool = True, since: datetime | None = None) -> None:
        """Have the node's link up or down, for an hour unless said otherwise."""
        since = since or self.now - timedelta(hours=1)
        # By a bridge that is alive however far a test puts the clock forward.
        alive = self.now + timedelta(days=3650)
        said = {"link_up": up, "link_since": since, "heartbeat_at": alive}
        await Node.update_or_create(name=self.node, defaults=said)

    async def say(self, states: Mapping[str, str], ip: str = "192.0.2.1") -> None:
        """Store that these endpoints have taken on these statuses just now."""
        told, changes = [], []
        for number, status in states.items():
            before = self.known.get(number, EndpointState(number))
            was_ok = before.status is Status.OK
            state = EndpointState(
                number,
                Status(status),
                ip if status in ("OK", "UNREACHABLE") else "",
                5060 if status in ("OK", "UNREACHABLE") else 0,
                last_seen=None if status == "OK" else self.now if was_ok else before.last_seen,
            )
            self.known[number] = state
            told.append(state)
            changes.append(
                Change(
                    self.node, number, before.status, state.status, state.ip, state.port, self.now
                )
            )
        async with write_transaction() as transaction:
            await put_states(transaction, self.node, 1, str(self.now), told)
            await add_changes(transaction, changes)
            for follow in self.followers:
                await follow(transaction, changes)
