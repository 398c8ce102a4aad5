"""What would happen to a call now, told in words from what is stored and who is registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from dialplan.call_steps import GroupRings, Rings, Step, Waits
from dialplan.extension_row import VOICEMAIL, CallRules
from dialplan.preview import MAX_FORWARDS, Facts, GroupRules, QueueRules, preview
from dialplan.simulator import Simulator
from pbxbridge.errors import NotFound
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import Extension
from pbxbridge.services.calling.groups import ringing_members
from pbxbridge.services.calling.plan import read_plan
from pbxbridge.services.calling.step_words import case_in_words, step_in_words
from pbxbridge.services.column import fits
from pbxbridge.services.extension_store import SiteDefaults, stored_call_rules

# Each forward may lead to a group, and that to its fallback; a twin is looked at, not followed.
_DEEPEST = 2 * (MAX_FORWARDS + 1) + 1


@dataclass(frozen=True, slots=True)
class ToldCase:
    """What happens if: ``title`` is such as ``If nobody answers``."""

    title: str
    steps: tuple[ToldStep, ...]


@dataclass(frozen=True, slots=True)
class ToldStep:
    """A step in words, and what may come of it."""

    sentence: str
    cases: tuple[ToldCase, ...] = ()


@dataclass(frozen=True, slots=True)
class CallPreview:
    """What happens to a call for a number at that time, of the PBX's time zone."""

    number: str
    at: datetime
    steps: tuple[ToldStep, ...]


class Preview:
    """Tells what happens to a call, without making it."""

    def __init__(
        self,
        site: SiteDefaults,
        is_there: Callable[[str], bool],
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Ask ``is_there`` whether an extension's device takes calls; ``clock`` is the PBX's."""
        self._site = site
        self._is_there = is_there
        self._clock = clock

    async def of(self, number: str) -> CallPreview:
        """Return what happens to a call for an extension, group or queue now. Raises NotFound."""
        at = self._clock()
        steps = await self.steps(number, at)
        return CallPreview(number, at, _told(steps))

    async def steps(self, number: str, at: datetime) -> tuple[Step, ...]:
        """Return the same as data of the dialplan. Raises NotFound."""
        extensions, groups, queues = await self._whoever_it_may_come_to(number)
        there = {**extensions, **groups, **queues}
        if number not in there:
            raise NotFound(f"There is no extension {number}.")
        plan = await read_plan()
        simulator = Simulator(plan.classes, plan.routes.values(), there.__contains__)
        return preview(number, Facts(extensions, groups, simulator, self._is_there, at, queues))

    async def _whoever_it_may_come_to(
        self, number: str
    ) -> tuple[dict[str, CallRules], dict[str, GroupRules], dict[str, QueueRules]]:
        extensions: dict[str, CallRules] = {}
        groups: dict[str, GroupRules] = {}
        queues: dict[str, QueueRules] = {}
        frontier, asked = {number}, {"", VOICEMAIL}
        for _ in range(_DEEPEST):
            wanted = [each for each in frontier - asked if fits(Extension, "number", each)]
            if not wanted:
                break
            asked |= frontier
            frontier = set()
            for row in await Extension.filter(number__in=wanted):
                rules = extensions[row.number] = stored_call_rules(row, self._site)
                frontier |= set(_targets(rules))
            for group in await PhoneGroup.filter(number__in=wanted):
                groups[group.number] = await self._group(group)
                frontier.add(group.fallback)
            for queue in await CallQueue.filter(number__in=wanted):
                queues[queue.number] = QueueRules(queue.name, queue.max_wait, queue.fallback)
                frontier.add(queue.fallback)
        return extensions, groups, queues

    async def _group(self, row: PhoneGroup) -> GroupRules:
        members = tuple(member.number for member in await ringing_members(row.name))
        return GroupRules(members, row.ring_time or self._site.ring_time, row.fallback)


def _targets(rules: CallRules) -> Iterable[str]:
    return (
        rules.forward_all,
        rules.forward_busy,
        rules.forward_no_answer,
        rules.forward_unregistered,
        rules.twin,
    )


def _told(steps: Iterable[Step]) -> tuple[ToldStep, ...]:
    told = []
    for step in steps:
        cases = step.cases if isinstance(step, Rings | GroupRings | Waits) else ()
        told.append(
            ToldStep(
                step_in_words(step),
                tuple(ToldCase(case_in_words(case), _told(case.steps)) for case in cases),
            )
        )
    return tuple(told)
