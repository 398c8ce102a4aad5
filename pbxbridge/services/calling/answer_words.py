"""What the simulator answers, in words."""

from __future__ import annotations

from collections.abc import Sequence

from dialplan.class_of_service import DAYS, Hours
from dialplan.route import Route
from dialplan.simulator import Answer, Ruling


def answer_in_words(answer: Answer, number: str, hours: Hours | None, who: str) -> str:
    """Return whether a number may be dialled, and by what.

    ``who`` is what has this number inside, such as ``extension 1001``; ``hours`` are the class's.
    """
    route = answer.route
    match answer.ruling:
        case Ruling.FEATURE if answer.feature:
            return f"Yes: feature code {answer.feature.shown}, {answer.feature.title.lower()}."
        case Ruling.EXTENSION:
            return f"Yes: {who}."
        case Ruling.OUT_OF_HOURS if hours:
            return f"Not now: the class's hours are {hours_in_words(hours)}."
        case _ if route:
            return _of_route(answer, route, number)
        case _:
            return "No: nothing matches, default deny."


def _of_route(answer: Answer, route: Route, number: str) -> str:
    if not answer.ruling.allows:
        return f"No: route {route.name} ({shown_pattern(route)}) is not in this class."
    if route.emergency:
        return f"Yes, always, by emergency route {route.name}: {way_out(route, number)}."
    pin = "after the PIN, " if answer.asks_pin else ""
    return f"Yes, {pin}by route {route.name}: {way_out(route, number)}."


def way_out(route: Route, number: str) -> str:
    """Return which trunks are asked for what: ``trunk a is asked for 4930123, then trunk b``."""
    first, *others = route.trunks
    then = "".join(f", then trunk {name}" for name in others)
    return f"trunk {first} is asked for {route.dialled(number)}{then}"


def shown_pattern(route: Route) -> str:
    """Return a pattern as people write it."""
    return route.pattern.text.removeprefix("_")


def hours_in_words(hours: Hours) -> str:
    """Return days and times, such as ``mon-fri 08:00-18:00``."""
    return f"{_days(hours.days)} {hours.opens:%H:%M}-{hours.closes:%H:%M}"


def _days(days: Sequence[str]) -> str:
    """Return days in short: three or more in a row are a range."""
    runs: list[list[str]] = []
    for day in DAYS:
        if day not in days:
            continue
        if runs and DAYS.index(runs[-1][-1]) + 1 == DAYS.index(day):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)
