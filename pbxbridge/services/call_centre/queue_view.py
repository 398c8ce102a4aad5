"""A queue as the wallboard shows it: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pbxbridge.mirror.queue_board import Presence
from pbxbridge.mirror.queue_column import Caller
from pbxbridge.mirror.queue_member import AgentState
from pbxbridge.services.call_centre.queue_tally import Totals

_ORDER = {state: place for place, state in enumerate(AgentState)}


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What is stored of a queue: ``service_level`` in seconds, ``agents`` by number, with names."""

    name: str
    number: str
    service_level: int
    agents: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MemberView:
    """Who takes calls of a queue, or would if they were logged in.

    ``agent`` is a number, empty for a static member, of whom there is only the extension.
    ``name`` is empty if it is not known. ``fresh`` tells that the node is heard.
    """

    agent: str
    name: str
    extension: str
    state: AgentState
    reason: str
    fresh: bool


@dataclass(frozen=True, eq=False, slots=True)
class QueueView:
    """One moment of a queue. Two are the same only if they are one.

    ``longest_since`` is since when the first caller waits (Unix time), None if nobody does.
    ``states`` has every state in its order, and how many members are in it. Members are in that
    order too.
    """

    facts: QueueFacts
    waiting: int
    longest_since: float | None
    states: Mapping[AgentState, int]
    members: Sequence[MemberView]
    totals: Totals

    def is_late(self, now: float) -> bool:
        """Whether somebody waits for longer than the service level promises, at a Unix time."""
        since = self.longest_since
        return since is not None and now - since > self.facts.service_level


def view_of(
    facts: QueueFacts, callers: Sequence[Caller], present: Sequence[Presence], totals: Totals
) -> QueueView:
    """Return the queue at the moment of which all this is; ``callers``, the longest first."""
    members = [
        MemberView(
            each.agent,
            facts.agents.get(each.agent, ""),
            each.number,
            each.state,
            each.reason,
            each.fresh,
        )
        for each in present
    ]
    there = {member.agent for member in members}
    members += [
        MemberView(number, name, "", AgentState.LOGGED_OUT, "", fresh=True)
        for number, name in facts.agents.items()
        if number not in there
    ]
    members.sort(key=lambda m: (_ORDER[m.state], m.name, len(m.agent), m.agent, m.extension))
    counted = Counter(member.state for member in members)
    return QueueView(
        facts,
        len(callers),
        callers[0].since if callers else None,
        {state: counted[state] for state in AgentState},
        members,
        totals,
    )
