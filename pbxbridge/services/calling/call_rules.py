"""What forwards and twins an extension may have: decided without I/O.

For the single save, a bulk edit and an import alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from dialplan.extension_row import VOICEMAIL
from dialplan.forward_chain import Hop, find_loop, path_in_words
from dialplan.simulator import Answer, Ruling, Simulator
from pbxbridge.services.calling.plan import Plan
from pbxbridge.services.extension_input import FORWARDS, TARGETS, ExtensionInput
from pbxbridge.services.extension_view import ExtensionView

KINDS = {
    "forward_all": "all calls",
    "forward_busy": "busy",
    "forward_no_answer": "no answer",
    "forward_unregistered": "not registered",
}
# Rules do not depend on the hour: a class that is open at times may forward, at times.
_ANY_TIME = datetime(2026, 1, 5, 12)


class OutsideRules:
    """Which numbers outside a class of service may have its calls forwarded to."""

    def __init__(self, plan: Plan) -> None:
        """Take what is stored; of what use it is, is only worked out when somebody asks."""
        self._plan = plan
        self._simulator = Simulator(plan.classes, plan.routes.values(), lambda _: False)

    def wrong(self, class_of_service: str, target: str) -> str:
        """Return why not, empty if it may; ``target`` is no extension and no group."""
        if class_of_service not in self._plan.classes:
            return ""  # said elsewhere
        answer = self._simulator.ask(class_of_service, target, _ANY_TIME)
        return _why_not(answer, class_of_service, target)

    def is_emergency(self, number: str) -> str:
        """Return the emergency route that takes this number from everybody, empty if none."""
        route = self._simulator.emergency_route(number)
        return route.name if route else ""


def wrong_calls(
    wanted: ExtensionInput,
    before: ExtensionView | None,
    rules: OutsideRules,
    forwards_of: Callable[[str], tuple[Hop, ...] | None],
) -> Mapping[str, str]:
    """Return what is wrong with forwards and twin, a sentence by field.

    ``forwards_of`` knows the forwards of every extension and group as they would be, None for what
    is neither. What is as it was ``before`` is not complained of.
    """
    wrong = dict(_wrong_targets(wanted, before, rules, forwards_of))
    hops = _hops_of(wanted)
    for hop in set(hops).difference(_hops_of(before) if before else ()):
        # Only this forward is new: a circle by another one was there before.
        def following(number: str, new: Hop = hop) -> tuple[Hop, ...]:
            return (new,) if number == wanted.number else forwards_of(number) or ()

        if loop := find_loop(wanted.number, following):
            field = next(name for name, kind in KINDS.items() if kind == hop.kind)
            wrong.setdefault(field, circle(loop))
    return wrong


def circle(loop: Iterable[Hop]) -> str:
    """Return what is said of forwards that lead back."""
    return f"Calls could go round in circles: {path_in_words(loop)}."


def forward_hops(number: str, forwards: Mapping[str, str]) -> tuple[Hop, ...]:
    """Return where calls for an extension may go on; a forward of all calls leaves no other."""
    if forwards["forward_all"]:
        forwards = {"forward_all": forwards["forward_all"]}
    return tuple(
        Hop(number, KINDS[name], target)
        for name, target in forwards.items()
        if target and target != VOICEMAIL
    )


def _hops_of(extension: ExtensionInput | ExtensionView) -> tuple[Hop, ...]:
    return forward_hops(extension.number, {name: getattr(extension, name) for name in FORWARDS})


def _wrong_targets(
    wanted: ExtensionInput,
    before: ExtensionView | None,
    rules: OutsideRules,
    forwards_of: Callable[[str], tuple[Hop, ...] | None],
) -> Iterator[tuple[str, str]]:
    for name in TARGETS:
        target = getattr(wanted, name)
        depends_on = "voicemail" if target == VOICEMAIL else "class_of_service"
        if not target or not _changed(wanted, before, name, depends_on):
            continue
        if target == VOICEMAIL:
            if not wanted.voicemail:
                yield name, "This extension has no voicemail box."
        elif forwards_of(target) is None and (why := rules.wrong(wanted.class_of_service, target)):
            yield name, why


def _changed(wanted: ExtensionInput, before: ExtensionView | None, *names: str) -> bool:
    return before is None or any(getattr(wanted, n) != getattr(before, n) for n in names)


def _why_not(answer: Answer, class_of_service: str, target: str) -> str:
    route = answer.route.name if answer.route else ""
    match answer.ruling:
        case Ruling.EMERGENCY:
            return f"{target} is an emergency number: no call may be sent there by itself."
        case Ruling.FORBIDDEN:
            return (
                f"Class of service {class_of_service} may not dial {target}: "
                f"route {route} is not in it."
            )
        case Ruling.NOTHING:
            return (
                f"There is no extension {target}, and no route that class of service "
                f"{class_of_service} could dial it by."
            )
        case Ruling.ROUTE | Ruling.OUT_OF_HOURS if answer.asks_pin:
            return f"Class of service {class_of_service} needs a PIN, which nobody could enter."
        case _:
            return ""
