"""What happens to a call, step by step: the subroutines of extensions.conf followed without a call.

Only the last of several steps has cases: where it rings, what comes next depends on what people do.
Whether a device is registered is a fact, of now. tests/asterisk/test_preview_on_asterisk.py makes
the real calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from dialplan.call_steps import (
    Case,
    Cause,
    DeadForward,
    DoNotDisturb,
    FeatureCodeReached,
    Forwarded,
    GoesOut,
    Greeting,
    GroupFallback,
    GroupRings,
    NobodyInGroup,
    NoDevice,
    NotRegistered,
    QueueFallback,
    Reason,
    Refused,
    Rings,
    RouteRefused,
    Step,
    TwinState,
    Voicemail,
    Waits,
    When,
)
from dialplan.extension_row import VOICEMAIL, CallRules
from dialplan.simulator import Answer, Ruling, Simulator

# The global variable of extensions.conf.
MAX_FORWARDS = 5

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class GroupRules:
    """What becomes of a call for a phone group.

    ``members`` are those whose device is dialled: no VIRTUAL one, none that is not to be disturbed.
    ``fallback`` is the extension that gets what nobody answers, or empty.
    """

    members: tuple[str, ...]
    ring_time: int
    fallback: str


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What becomes of a call for a queue.

    ``max_wait`` is in seconds, 0 without end; ``fallback`` gets who waited so long, or could not
    wait, or is empty.
    """

    name: str
    max_wait: int
    fallback: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored of whoever the call may come to, by number, and what is so now.

    ``is_there`` tells whether the device of an extension can be dialled.
    """

    extensions: Mapping[str, CallRules]
    groups: Mapping[str, GroupRules]
    simulator: Simulator
    is_there: Callable[[str], bool]
    at: datetime
    queues: Mapping[str, QueueRules] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Call:
    """What the caller's channel carries: how often it was forwarded, and the last one's mailbox."""

    forwards: int = 0
    fallback: str = ""


def preview(number: str, facts: Facts) -> Steps:
    """Return what happens to a call for an extension, group or queue. Else raises KeyError."""
    return _Preview(facts).inside(number, _Call())


class _Preview:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def inside(self, number: str, call: _Call) -> Steps:
        """Follow the row of an extension, group or queue."""
        if number in self._facts.queues:
            return self._queue(number, self._facts.queues[number], call)
        if number in self._facts.groups:
            return self._group(number, self._facts.groups[number], call)
        rules = self._facts.extensions[number]
        if rules.forward_all:
            return self._forward(number, rules, Reason.ALL, call)
        if rules.do_not_disturb:
            return (DoNotDisturb(number), *self._forward(number, rules, Reason.BUSY, call))
        if not rules.device:
            return (NoDevice(number), _unavailable(number, rules))
        return self._ring(number, rules, call)

    def _ring(self, number: str, rules: CallRules, call: _Call) -> Steps:
        twin, is_there = self._twin(rules), self._facts.is_there(number)
        if not is_there and not twin.rings:
            return (NotRegistered(number), *self._nothing_rang(number, rules, twin, call))
        cases = [
            Case((When.BUSY,), self._forward(number, rules, Reason.BUSY, call)),
            Case((When.NO_ANSWER,), self._forward(number, rules, Reason.NO_ANSWER, call)),
        ]
        if not twin.rings:
            cases.append(Case((When.CANNOT,), (_unavailable(number, rules),)))
        return (Rings(number, is_there, rules.twin, twin, rules.ring_time, _merged(cases)),)

    def _nothing_rang(self, number: str, rules: CallRules, twin: TwinState, call: _Call) -> Steps:
        """Follow what Dial() makes of a device that is not there; the twin speaks last."""
        match twin:
            case TwinState.BUSY | TwinState.FORBIDDEN:
                return self._forward(number, rules, Reason.BUSY, call)
            case TwinState.NOBODY:
                return self._forward(number, rules, Reason.NO_ANSWER, call)
            case TwinState.UNKNOWN_NUMBER:
                return (_unavailable(number, rules),)
            case _:
                return self._forward(number, rules, Reason.NOT_REGISTERED, call)

    def _twin(self, rules: CallRules) -> TwinState:
        """Return what the twin does; it is dialled with the class of the extension."""
        facts, twin = self._facts, rules.twin
        if not twin:
            return TwinState.NONE
        answer = facts.simulator.ask(rules.class_of_service, twin, facts.at)
        if not answer.is_found:
            return TwinState.UNKNOWN_NUMBER
        if answer.ruling is Ruling.FORBIDDEN or answer.asks_pin:
            return TwinState.FORBIDDEN
        inside = answer.ruling is Ruling.EXTENSION
        return self._twin_inside(twin) if inside else TwinState.RINGS_OUTSIDE

    def _twin_inside(self, twin: str) -> TwinState:
        facts = self._facts
        if twin in facts.queues:
            return TwinState.NOBODY
        if twin in facts.groups:
            members = facts.groups[twin].members
            return TwinState.RINGS_INSIDE if any(map(facts.is_there, members)) else TwinState.NOBODY
        other = facts.extensions[twin]
        if other.do_not_disturb or not other.device:
            return TwinState.BUSY
        return TwinState.RINGS_INSIDE if facts.is_there(twin) else TwinState.NOT_REGISTERED

    def _group(self, number: str, rules: GroupRules, call: _Call) -> Steps:
        there = tuple(member for member in rules.members if self._facts.is_there(member))
        absent = tuple(member for member in rules.members if member not in there)
        after: Steps = (Refused(number, Cause.NO_ANSWER),)
        if rules.fallback:
            after = (GroupFallback(number, rules.fallback), *self.inside(rules.fallback, call))
        if not there:
            return (NobodyInGroup(number), *after)
        cases = (Case((When.BUSY, When.NO_ANSWER), after),)
        return (GroupRings(number, there, absent, rules.ring_time, cases),)

    def _queue(self, number: str, rules: QueueRules, call: _Call) -> Steps:
        after: Steps = (Refused(number, Cause.NO_ANSWER),)
        if rules.fallback:
            after = (QueueFallback(rules.name, rules.fallback), *self.inside(rules.fallback, call))
        return (Waits(number, rules.name, rules.max_wait, (Case((When.WAITED,), after),)),)

    def _forward(self, number: str, rules: CallRules, reason: Reason, call: _Call) -> Steps:
        """Follow a forward, if the extension has one for this reason, or else what is instead."""
        target = _target(rules, reason)
        if not target:
            return (_instead(number, rules, reason),)
        if target == VOICEMAIL:
            return (_end(number, rules, Cause.BUSY if reason is Reason.BUSY else None),)
        answer = self._facts.simulator.ask(rules.class_of_service, target, self._facts.at)
        if not answer.is_found:
            dead = DeadForward(number, reason, target, rules.class_of_service, answer)
            return (dead, _unavailable(number, rules))
        if call.forwards >= MAX_FORWARDS:
            return (Refused(number, Cause.FORWARDED_TOO_OFTEN),)
        onward = _Call(call.forwards + 1, rules.mailbox)
        return (
            Forwarded(number, reason, target),
            *self._dialled(target, rules.class_of_service, answer, onward),
        )

    def _dialled(self, number: str, class_name: str, answer: Answer, call: _Call) -> Steps:
        """Follow what a forwarded call reaches in the forwarder's class of service."""
        if answer.ruling is Ruling.EXTENSION:
            return self.inside(number, call)
        if answer.route is None:
            return (FeatureCodeReached(number),)
        if answer.ruling is Ruling.FORBIDDEN or answer.asks_pin:
            refused = RouteRefused(number, class_name, answer.route.name, answer.asks_pin)
            return (refused, _lost(number, call, Cause.FORBIDDEN))
        return (GoesOut(number, answer.route, _lost(number, call, Cause.NO_CIRCUIT)),)


def _target(rules: CallRules, reason: Reason) -> str:
    return {
        Reason.ALL: rules.forward_all,
        Reason.BUSY: rules.forward_busy,
        Reason.NO_ANSWER: rules.forward_no_answer,
        Reason.NOT_REGISTERED: rules.forward_unregistered,
    }[reason]


def _instead(number: str, rules: CallRules, reason: Reason) -> Step:
    """Return what happens where there is no forward."""
    causes = {Reason.BUSY: Cause.BUSY, Reason.NO_ANSWER: Cause.NO_ANSWER}
    return _end(number, rules, causes.get(reason))


def _unavailable(number: str, rules: CallRules) -> Step:
    return _end(number, rules, None)


def _end(number: str, rules: CallRules, cause: Cause | None) -> Step:
    """Return the mailbox, or without one the refusal; None is that nobody can be reached."""
    if not rules.mailbox:
        return Refused(number, cause or Cause.UNREACHABLE)
    return Voicemail(number, Greeting.BUSY if cause is Cause.BUSY else Greeting.UNAVAILABLE)


def _lost(number: str, call: _Call, cause: Cause) -> Step:
    """Return where a call ends that was forwarded to where it cannot go."""
    if not call.fallback:
        return Refused(number, cause)
    return Voicemail(call.fallback.partition("@")[0], Greeting.UNAVAILABLE)


def _merged(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the cases with those made one that lead to the same."""
    merged: list[Case] = []
    for case in cases:
        alike = next((place for place, other in enumerate(merged) if other.steps == case.steps), -1)
        if alike < 0:
            merged.append(case)
        else:
            merged[alike] = replace(merged[alike], when=merged[alike].when + case.when)
    return tuple(merged)
