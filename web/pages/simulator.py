"""The simulator of a class of service: may it dial this number, at this time, and by what?

The question is in the address, so that an answer can be linked.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbxbridge.errors import Invalid
from pbxbridge.services.calling.simulation import SimulationAnswer
from pbxbridge.services.people import Role
from web.access import allow
from web.portal import portal_of
from web.render import part_or_page

DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
ASKED = ("number", "day", "time")
LONGEST = 100


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get("/classes/{name:[^/]+}/simulator", show)]


@allow(Role.ADMIN, Role.OPERATOR)
async def show(request: web.Request) -> web.StreamResponse:
    """Answer the question of the address, if there is one; without day and time it is about now."""
    name = request.match_info["name"]
    asked = {field: request.query.get(field, "").strip()[:LONGEST] for field in ASKED}
    answer, errors = await _answer(request, name, asked)
    return await part_or_page(
        request,
        "simulator/answer.html",
        "simulator/simulator.html",
        title=f"Simulator: {name}",
        status=422 if errors else 200,
        name=name,
        asked=asked,
        answer=answer,
        errors=errors,
        days=DAYS,
        when=f"{DAYS[list(DAYS)[answer.at.weekday()]]}, {answer.at:%H:%M}" if answer else "",
    )


async def _answer(
    request: web.Request, name: str, asked: Mapping[str, str]
) -> tuple[SimulationAnswer | None, Mapping[str, str]]:
    simulation = portal_of(request).simulation
    if not asked["number"]:
        await simulation.check_class(name)
        return None, {}
    try:
        at = simulation.moment(asked["day"], asked["time"])
        return await simulation.ask(name, asked["number"], at), {}
    except Invalid as invalid:
        return None, invalid.fields
