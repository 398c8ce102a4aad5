"""What one node says of its queues, found by queue, by device, by extension and by agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.queue_member import Member


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who waits. ``id`` is the channel's Uniqueid, ``since`` is Unix time."""

    queue: str
    id: str
    number: str
    name: str
    since: float


class Ended(NamedTuple):
    """A call of ``queue`` that a device was done with ``at`` a Unix time."""

    queue: str
    at: float


@dataclass(slots=True)
class QueueColumn:
    """The memberships and callers of a node; ``link`` tells whether they are fresh."""

    link: LinkState
    # By queue and interface, and by interface and queue: a device's state is of all its queues.
    members: dict[str, dict[str, Member]] = field(default_factory=lambda: defaultdict(dict))
    at: dict[str, dict[str, Member]] = field(default_factory=lambda: defaultdict(dict))
    callers: dict[str, dict[str, Caller]] = field(default_factory=lambda: defaultdict(dict))
    # The last call of each device, as far as its end was seen.
    ended: dict[str, Ended] = field(default_factory=dict)
    # The devices of extensions and agents.
    of_number: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    of_agent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def put(self, member: Member) -> None:
        """Take in a membership, in the place of what was known of it."""
        self.drop(member.queue, member.interface)
        self.members[member.queue][member.interface] = member
        self.at[member.interface][member.queue] = member
        if member.number:
            self.of_number[member.number].add(member.interface)
        if member.agent:
            self.of_agent[member.agent].add(member.interface)

    def drop(self, queue: str, interface: str) -> Member | None:
        """Forget a membership; return it, None if it was not known."""
        member = self.members[queue].pop(interface, None)
        if member is None:
            return None
        rest = self.at[interface]
        del rest[queue]
        if not any(each.number == member.number for each in rest.values()):
            self._discard(self.of_number, member.number, interface)
        if not any(each.agent == member.agent for each in rest.values()):
            self._discard(self.of_agent, member.agent, interface)
        if not rest:
            del self.at[interface]
        return member

    def find(self, queue: str, interface: str) -> Member | None:
        """Return a membership, None if it is not known."""
        return self.members[queue].get(interface) if queue in self.members else None

    def all_members(self) -> Iterable[Member]:
        """Yield all memberships."""
        for memberships in self.members.values():
            yield from memberships.values()

    def is_as(self, other: QueueColumn) -> bool:
        """Whether both say the same."""
        mine = {(m.queue, m.interface): m for m in self.all_members()}
        theirs = {(m.queue, m.interface): m for m in other.all_members()}
        return mine == theirs and self._waiting() == other._waiting()

    def _waiting(self) -> set[tuple[str, str]]:
        return {(queue, id_) for queue, waiting in self.callers.items() for id_ in waiting}

    @staticmethod
    def _discard(index: dict[str, set[str]], key: str, interface: str) -> None:
        if key in index:
            index[key].discard(interface)
            if not index[key]:
                del index[key]
