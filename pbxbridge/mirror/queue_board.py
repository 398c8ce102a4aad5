"""What happens in the queues now, over all nodes: who waits, and who takes calls.

Fed by the queue links in the order of each node's stream. A snapshot replaces all that was known of
a node. While a node is not heard what was last known of it stays, and ``unheard`` says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pbxbridge.events import QueuesChanged
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.queue_column import Caller, Ended, QueueColumn
from pbxbridge.mirror.queue_member import AgentState, Member, reason_of, state_of


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of who takes calls at one device, or of one agent.

    ``agent`` is a number, empty for a static member; ``number`` is the extension; ``queues`` are
    those of which calls are taken; ``node`` is where. ``paused`` tells that no call comes after the
    present one; ``fresh`` tells that the node is heard.
    """

    agent: str
    number: str
    interface: str
    node: str
    state: AgentState
    paused: bool
    reason: str
    queues: tuple[str, ...]
    fresh: bool


@dataclass(slots=True)
class _Changes:
    queues: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    all: bool = False


class QueueBoard:
    """The queues of all nodes. Names are whatever Asterisk has; the portal's queues are a part."""

    def __init__(self, nodes: Iterable[str], clock: Callable[[], float] = time.time) -> None:
        """``clock`` tells Unix time."""
        never = LinkState(False, datetime.now(UTC), "Not connected to Asterisk yet.")
        self._nodes = {node: QueueColumn(never) for node in nodes}
        self._unknown = set(self._nodes)
        self._clock = clock
        self._wrap_ups: Mapping[str, int] = {}
        self._changes = _Changes()
        self._wrapping: dict[tuple[str, str, str], float] = {}

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all nodes."""
        return tuple(self._nodes)

    @property
    def unheard(self) -> dict[str, LinkState]:
        """The nodes that are not heard, and since when."""
        return {name: node.link for name, node in self._nodes.items() if not node.link.up}

    @property
    def is_complete(self) -> bool:
        """Whether every node was heard once: who is not here is nowhere, as far as is known."""
        return not self._unknown

    def is_heard(self, node: str) -> bool:
        """Whether what is known of the node is fresh."""
        return self._nodes[node].link.up

    def waiting(self, queue: str) -> list[Caller]:
        """Return who waits in a queue, the longest first."""
        found = [
            caller
            for node in self._nodes.values()
            if queue in node.callers
            for caller in node.callers[queue].values()
        ]
        return sorted(found, key=lambda caller: (caller.since, caller.id))

    def members_of(self, queue: str) -> list[Presence]:
        """Return who takes calls of a queue, and what they do as far as this queue sees them."""
        return [
            self._presence(name, node, interface, seen_by=queue)
            for name, node in self._nodes.items()
            if queue in node.members
            for interface in node.members[queue]
        ]

    def of_agent(self, agent: str, node: str) -> list[Member]:
        """Return what an agent is a member of on a node."""
        column = self._nodes[node]
        devices = sorted(column.of_agent.get(agent, ()))
        found = [each for device in devices for each in column.at[device].values()]
        return [member for member in found if member.agent == agent]

    def at_device(self, interface: str, node: str) -> list[Member]:
        """Return what a device is a member of on a node, also where it is called otherwise."""
        every = self._nodes[node].all_members()
        return [member for member in every if interface in (member.interface, member.watched)]

    def at(self, number: str) -> Presence | None:
        """Return who takes calls at the phone of an extension, None if nobody does."""
        return next(self._found(lambda node: node.of_number.get(number, ())), None)

    def agent(self, agent: str) -> Presence | None:
        """Return where an agent is logged in, None if they are not."""
        return next(self._found(lambda node: node.of_agent.get(agent, ())), None)

    def agents(self) -> frozenset[str]:
        """Return the agents who are logged in anywhere."""
        return frozenset(agent for node in self._nodes.values() for agent in node.of_agent)

    def nodes_of(self, agent: str) -> list[str]:
        """Return the nodes at which an agent is logged in, of those that are heard."""
        return [
            name for name, node in self._nodes.items() if node.link.up and node.of_agent.get(agent)
        ]

    def numbers(self) -> set[str]:
        """Return the extensions at whose phones somebody takes calls of queues."""
        return {number for node in self._nodes.values() for number in node.of_number}

    def configure(self, wrap_ups: Mapping[str, int]) -> None:
        """Take in how long each queue leaves its members alone after a call, in seconds."""
        if wrap_ups != self._wrap_ups:
            self._wrap_ups = dict(wrap_ups)
            self._wrapping.clear()
            for name, node in self._nodes.items():
                self._time(name, list(node.all_members()))
            self._changes.all = True

    def heard(self, node: str, members: Iterable[Member], callers: Iterable[Caller]) -> None:
        """Begin with these of a node; from now on every change is told."""
        before = self._nodes[node]
        link = before.link if before.link.up else LinkState(True, datetime.now(UTC))
        column = QueueColumn(link, ended=before.ended)
        for caller in callers:
            # Of who was seen coming it is known better since when than a list in seconds says.
            known = before.callers[caller.queue].get(caller.id)
            column.callers[caller.queue][caller.id] = known or caller
        self._nodes[node] = column
        self._unknown.discard(node)
        self._time(node, members)
        self._changes.all |= not before.link.up or not before.is_as(column)

    def lost(self, node: str, reason: str) -> None:
        """Take what is known of a node for old; ``reason`` is a sentence for the screen."""
        link = self._nodes[node].link
        if link.up or link.reason != reason:
            since = datetime.now(UTC) if link.up else link.since
            self._nodes[node].link = LinkState(False, since, reason)
            self._nodes[node].ended.clear()  # others may end unseen
            self._changes.all = True

    def member_is(self, node: str, member: Member) -> None:
        """Take what a node says of a membership, new or known."""
        column = self._nodes[node]
        before = column.find(member.queue, member.interface)
        if before != (timed := self._timed(column, member)):
            self._put(node, timed)
            self._note(column, member, *([before] if before else []))

    def member_gone(self, node: str, queue: str, interface: str) -> None:
        """Take it that a device is no member of a queue any more."""
        column = self._nodes[node]
        if member := column.drop(queue, interface):
            self._note(column, member)
            if interface not in column.at:
                # Who logs in there next did not have that call.
                column.ended.pop(interface, None)

    def call_ended(self, node: str, queue: str, interface: str) -> None:
        """Take it that the device was on a call of this queue last."""
        column = self._nodes[node]
        if memberships := list(column.at.get(interface, {}).values()):
            member = column.find(queue, interface)
            column.ended[interface] = Ended(queue, member.last_call if member else self._clock())
            self._time(node, memberships)
            self._note(column, *memberships)

    def caller_joined(self, node: str, caller: Caller) -> None:
        """Take in who waits from now on."""
        self._nodes[node].callers[caller.queue].setdefault(caller.id, caller)
        self._changes.queues.add(caller.queue)

    def caller_left(self, node: str, queue: str, caller: str) -> None:
        """Take it that somebody waits no more."""
        if self._nodes[node].callers[queue].pop(caller, None):
            self._changes.queues.add(queue)

    def tick(self) -> None:
        """Take note of wrap-ups that ended by themselves; to be called now and then."""
        now = self._clock()
        for (node, queue, interface), until in list(self._wrapping.items()):
            if until <= now:
                del self._wrapping[node, queue, interface]
                column = self._nodes[node]
                if member := column.find(queue, interface):
                    self._note(column, member)

    def take_changes(self) -> QueuesChanged | None:
        """Return what changed since the last time, None if nothing did."""
        changes, self._changes = self._changes, _Changes()
        if changes.all:
            return QueuesChanged(None, None, None)
        if not (changes.queues or changes.numbers or changes.agents):
            return None
        return QueuesChanged(
            frozenset(changes.queues), frozenset(changes.numbers), frozenset(changes.agents)
        )

    def _timed(self, column: QueueColumn, member: Member) -> Member:
        """Return it with the wrap-up that counts, of which Asterisk tells nothing.

        The longer of its own queue's and that of the queue that gave the last call. A call counts
        in all queues (shared_lastcall), but its end is told in that queue only.
        """
        own = self._wrap_ups.get(member.queue, 0)
        if (ended := column.ended.get(member.interface)) is None:
            return replace(member, wrap_up=own)
        wrap_up = max(own, self._wrap_ups.get(ended.queue, 0))
        return replace(member, wrap_up=wrap_up, last_call=max(member.last_call, ended.at))

    def _time(self, node: str, members: Iterable[Member]) -> None:
        """Put members into the node's column with the wrap-ups that count."""
        for member in members:
            self._put(node, self._timed(self._nodes[node], member))

    def _put(self, node: str, timed: Member) -> None:
        """Put one into the node's column, and heed when its wrap-up ends."""
        self._nodes[node].put(timed)
        self._wrapping.pop(key := (node, timed.queue, timed.interface), None)
        if timed.wraps_up_until > self._clock():
            self._wrapping[key] = timed.wraps_up_until

    def _note(self, column: QueueColumn, *members: Member) -> None:
        """Note that a device is other than before: in all its queues, for the state is of all."""
        for member in members:
            self._changes.queues |= {member.queue, *column.at.get(member.interface, ())}
            self._changes.numbers |= {member.number} - {""}
            self._changes.agents |= {member.agent} - {""}

    def _found(self, devices: Callable[[QueueColumn], Iterable[str]]) -> Iterator[Presence]:
        # Those that are heard first: of an agent who moved, what another node said is old.
        for name, node in sorted(self._nodes.items(), key=lambda each: not each[1].link.up):
            for interface in sorted(devices(node)):
                yield self._presence(name, node, interface)

    def _presence(
        self, name: str, node: QueueColumn, interface: str, seen_by: str | None = None
    ) -> Presence:
        # In an order that does not depend on who told what first.
        queues = tuple(sorted(node.at[interface]))
        memberships = [node.at[interface][queue] for queue in queues]
        # Whether a queue gives calls to a device is told by its own membership.
        own = None if seen_by is None else node.at[interface][seen_by]
        return Presence(
            agent=next((each.agent for each in memberships if each.agent), ""),
            number=memberships[0].number,
            interface=interface,
            node=name,
            state=state_of(memberships, self._clock(), own),
            paused=own.paused if own else all(each.paused for each in memberships),
            reason=reason_of([own] if own else memberships),
            queues=queues,
            fresh=node.link.up,
        )
