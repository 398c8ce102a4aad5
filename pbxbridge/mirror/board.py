"""The board: what the portal shows of every endpoint, folded over all Asterisk nodes.

The mirrors of the nodes that this bridge listens to write on it, and whoever reads the other nodes
from the database does so too. A device is registered with one node, or with none; of the others
there is nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pbxbridge.events import EndpointsChanged, EventBus, LinkChanged, MailboxChanged
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.shown import ShownState, shown_state
from pbxbridge.mirror.slices import slices

# Which state is shown of an endpoint that has one on several nodes.
_BEST: Final = {
    Status.OK: 4,
    Status.UNMONITORED: 3,
    Status.UNREACHABLE: 2,
    Status.UNKNOWN: 1,
    Status.BLANK: 0,
}


@dataclass(slots=True)
class _Column:
    """What one node says."""

    link: LinkState
    states: dict[str, EndpointState] = field(default_factory=dict)
    numbers: dict[Status, set[str]] = field(
        default_factory=lambda: {status: set() for status in Status}
    )

    def put(self, state: EndpointState) -> None:
        before = self.states.get(state.endpoint)
        self.states[state.endpoint] = state
        if before is None:
            self.numbers[state.status].add(state.endpoint)
        elif before.status is not state.status:
            self.numbers[before.status].discard(state.endpoint)
            self.numbers[state.status].add(state.endpoint)

    def drop(self, number: str) -> None:
        before = self.states.pop(number, None)
        if before is not None:
            self.numbers[before.status].discard(number)


class Board:
    """Every endpoint's state on every node; a MirrorWatcher, which tells the bus of changes."""

    def __init__(
        self,
        bus: EventBus,
        nodes: Iterable[str],
        tell_others: Callable[[MailboxChanged], None] = lambda _: None,
    ) -> None:
        """``tell_others`` passes on what no other bridge would hear of."""
        self._bus = bus
        self._tell_others = tell_others
        unknown = LinkState(False, datetime.now(UTC), "Not connected to Asterisk yet.")
        self._columns = {node: _Column(unknown) for node in nodes}

    @property
    def links(self) -> Mapping[str, LinkState]:
        """Whether what each node says is fresh."""
        return {node: column.link for node, column in self._columns.items()}

    @property
    def is_fresh(self) -> bool:
        """Whether what every node says is fresh."""
        return all(column.link.up for column in self._columns.values())

    def state_of(self, number: str) -> ShownState:
        """Return what is shown of an endpoint: the best state of those that the nodes tell.

        Blank if no node tells any. An old state gives way to a fresh one, not to none.
        """
        told = self._told_of(number)
        if told is None:
            return ShownState(number)
        node, link, state = told
        return shown_state(
            state, node if len(self._columns) > 1 else "", None if link.up else link.since
        )

    def link_of(self, number: str) -> LinkState:
        """Return how the link stands to the node whose state is shown of an endpoint.

        Where nothing is told, it might be told by any node: the one that was away longest counts.
        """
        if told := self._told_of(number):
            return told[1]
        return min(self.links.values(), key=lambda link: (link.up, link.since))

    def numbers_with(self, status: Status) -> Set[str]:
        """Return the endpoints that are shown in this state.

        With one node it is no copy, which 100,000 would take long to make: it goes on following
        the states.
        """
        columns = list(self._columns.values())
        if len(columns) == 1:
            return columns[0].numbers[status]
        said = set[str]().union(*(column.numbers[status] for column in columns))
        return {number for number in said if self.state_of(number).status is status}

    def states_changed(self, node: str, states: Sequence[EndpointState]) -> None:
        """Show what a node says now of these endpoints."""
        column = self._columns[node]
        for state in states:
            column.put(state)
        self._bus.publish(EndpointsChanged(frozenset(state.endpoint for state in states)))

    def replace(self, node: str, states: Sequence[EndpointState]) -> None:
        """Show of a node what it says of these endpoints, and of no others."""
        column = self._columns[node]
        blank = column.states.keys() - {state.endpoint for state in states}
        self.states_changed(node, [*states, *map(EndpointState, blank)])

    def link_changed(self, node: str, link: LinkState) -> None:
        """Show whether what a node says is fresh."""
        column = self._columns[node]
        if link != column.link:
            column.link = link
            self._bus.publish(LinkChanged(node, link.up, link.since, link.reason))

    def mailbox_changed(self, node: str, mailbox: str, context: str) -> None:  # noqa: ARG002 - shared
        """Tell that the messages of a mailbox changed."""
        event = MailboxChanged(mailbox, context)
        self._bus.publish(event)
        self._tell_others(event)

    def untracked(self, node: str, number: str) -> None:
        """Show nothing of an endpoint that a node does not follow any more."""
        self._columns[node].drop(number)

    def follow(self, numbers: Iterable[str]) -> None:
        """Count these endpoints among the blank ones until a node tells something of them."""
        for column in self._columns.values():
            for number in numbers:
                if number not in column.states:
                    column.put(EndpointState(number))

    async def follow_only(self, numbers: Collection[str]) -> None:
        """Follow these endpoints, and show nothing of others."""
        for column in self._columns.values():
            for number in [number for number in column.states if number not in numbers]:
                column.drop(number)
        async for some in slices(numbers):
            self.follow(some)

    def forget(self, number: str) -> None:
        """Show nothing of an endpoint that is gone."""
        for column in self._columns.values():
            column.drop(number)

    def _told_of(self, number: str) -> tuple[str, LinkState, EndpointState] | None:
        told = [
            (node, column.link, state)
            for node, column in self._columns.items()
            if (state := column.states.get(number)) is not None
        ]
        return max(told, key=_worth, default=None)


def _worth(told: tuple[str, LinkState, EndpointState]) -> tuple[bool, bool, int]:
    _, link, state = told
    return state.status is not Status.BLANK, link.up, _BEST[state.status]
