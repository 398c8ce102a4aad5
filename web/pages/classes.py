"""The Classes screen: what extensions may dial, when, and whether with a PIN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from aiohttp import web

from pbxbridge.services.calling.inputs import ClassInput
from pbxbridge.services.calling.records import Records, Stored
from web.portal import Portal
from web.record_screen import RecordScreen

DAYS = {
    "mon": "Mon",
    "tue": "Tue",
    "wed": "Wed",
    "thu": "Thu",
    "fri": "Fri",
    "sat": "Sat",
    "sun": "Sun",
}


class _Classes(RecordScreen):
    path = "/classes"
    input = ClassInput
    title = "Classes of service"
    about = (
        "What extensions may dial outside. Each other, feature codes and emergency numbers they "
        "always may."
    )
    loses = "Its name is free again."
    columns = 7
    texts = ("description", "opens", "closes", "pin")
    ticks = ("asks_pin",)
    lists = ("routes", "days")

    def records(self, portal: Portal) -> Records[Any, Any]:
        return portal.classes

    async def also(self, _: Portal, record: Stored[Any]) -> object:
        return hours_words(record.fields.days, record.fields.opens, record.fields.closes)

    async def choices(self, portal: Portal) -> Mapping[str, object]:
        return {"routes": [route.fields for route in await portal.routes.all()], "days": DAYS}


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return _Classes().routes()


def hours_words(days: Sequence[str], opens: str, closes: str) -> str:
    """Return when routes may be used, such as ``Mon to Fri, 08:00 to 18:00``."""
    if not days:
        return "always"
    order = list(DAYS)
    places = sorted(order.index(day) for day in days)
    # Days in a row have the same distance to their place among the chosen ones.
    runs = [
        [place for _, place in run]
        for _, run in groupby(enumerate(places), lambda each: each[1] - each[0])
    ]
    names = [
        f"{DAYS[order[run[0]]]} to {DAYS[order[run[-1]]]}"
        if len(run) > 2
        else ", ".join(DAYS[order[place]] for place in run)
        for run in runs
    ]
    return f"{', '.join(names)}, {opens} to {closes}"
