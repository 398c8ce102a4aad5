"""May a class of service dial a number, and how? Asked of what is stored, not of Asterisk."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dialplan.class_of_service import DAYS
from dialplan.simulator import Ruling, Simulator
from pbxbridge.errors import Invalid, NotFound
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import Extension
from pbxbridge.services.calling.answer_words import answer_in_words
from pbxbridge.services.calling.plan import Plan, read_plan
from pbxbridge.services.column import fits

MOST_DIGITS = 40
# What people write into a number to read it.
_PUNCTUATION = re.compile(r"[\s().\-/]")
_DIALABLE = re.compile(rf"\+?[0-9*#]{{1,{MOST_DIGITS}}}|[0-9a-z]{{1,{MOST_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class SimulationAnswer:
    """What becomes of a number; ``at`` is in the time zone of the PBX.

    ``route`` is the one that decides, empty if none does. ``dialled`` is what its ``trunks`` are
    asked for, in order; both are empty unless the call goes out.
    """

    class_of_service: str
    number: str
    at: datetime
    ruling: Ruling
    sentence: str
    route: str = ""
    dialled: str = ""
    trunks: tuple[str, ...] = ()
    asks_pin: bool = False

    @property
    def allowed(self) -> bool:
        """Whether the call goes through."""
        return self.ruling.allows


class Simulation:
    """Answers about stored classes of service."""

    def __init__(self, clock: Callable[[], datetime] = datetime.now) -> None:
        """Take the time from ``clock``: that of the PBX, in its time zone, which is ours."""
        self._clock = clock

    async def ask(
        self, class_of_service: str, number: str, at: datetime | None = None
    ) -> SimulationAnswer:
        """Return what happens if a device of this class dials the number; ``at`` None is now.

        Raises NotFound for an unknown class, Invalid for what is no number.
        """
        plan = await _plan_with(class_of_service)
        number, at = dialable(number), at or self._clock()
        who = await _who_has(number)
        simulator = Simulator(plan.classes, plan.routes.values(), lambda _: bool(who))
        answer = simulator.ask(class_of_service, number, at)
        goes_out = answer.route if answer.ruling.allows else None
        return SimulationAnswer(
            class_of_service,
            number,
            at,
            answer.ruling,
            answer_in_words(answer, number, plan.classes[class_of_service].hours, who),
            route=answer.route.name if answer.route else "",
            dialled=goes_out.dialled(number) if goes_out else "",
            trunks=goes_out.trunks if goes_out else (),
            asks_pin=answer.asks_pin,
        )

    async def check_class(self, name: str) -> None:
        """Raise NotFound if there is no such class of service."""
        await _plan_with(name)

    def moment(self, day: str = "", at: str = "") -> datetime:
        """Return the next such day (of DAYS) at that time (``08:30``); empty is that of now.

        Raises Invalid for what is none.
        """
        now, wrong, clock = self._clock(), {}, None
        if day and day not in DAYS:
            wrong["day"] = "Choose a day of the list."
        try:
            clock = time.fromisoformat(at) if at else now.time()
        except ValueError:
            wrong["time"] = "Enter a time such as 08:30."
        if wrong or clock is None:
            raise Invalid(wrong)
        ahead = (DAYS.index(day) - now.weekday()) % 7 if day else 0
        return datetime.combine((now + timedelta(days=ahead)).date(), clock.replace(tzinfo=None))


def dialable(typed: str) -> str:
    """Return what a phone sends for what was typed. Raises Invalid for what is no number."""
    number = _PUNCTUATION.sub("", typed).lower()
    if not number:
        raise Invalid({"number": "Enter the number to dial."})
    if not _DIALABLE.fullmatch(number):
        sentence = f"Use digits, * and #, at most {MOST_DIGITS}, with an optional + in front."
        raise Invalid({"number": sentence})
    return number


async def _plan_with(class_of_service: str) -> Plan:
    plan = await read_plan()
    if class_of_service not in plan.classes:
        raise NotFound(f"There is no class of service {class_of_service}.")
    return plan


async def _who_has(number: str) -> str:
    """Return the extension, phone group or queue that has the number, empty if none has."""
    if fits(Extension, "number", number):
        extension = await Extension.filter(number=number).first()
        if extension:
            return f"extension {number}, {extension.caller_id_name}"
        if group := await PhoneGroup.filter(number=number).first():
            return f"phone group {group.name}"
        if queue := await CallQueue.filter(number=number).first():
            return f"queue {queue.name}"
    return ""
