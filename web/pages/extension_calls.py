"""Ringing a phone and hanging it up, from the tools of its extension. The service audits both."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import AsteriskUnavailable, Conflict
from pbxbridge.services.people import Role
from web.access import allow
from web.pages.extension_query import LIST
from web.pages.extension_tools import tools
from web.portal import actor_of, portal_of


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{number:[0-9a-z]+}}"
    return [web.post(f"{one}/ring", ring), web.post(f"{one}/hang-up", hang_up)]


@allow(Role.ADMIN)
async def ring(request: web.Request) -> web.StreamResponse:
    """Ring the phone of an extension; it says a few words to who answers."""
    number = request.match_info["number"]
    try:
        await portal_of(request).calls.ring(actor_of(request), number)
    except (AsteriskUnavailable, Conflict) as why:
        return await tools(request, number, error=str(why), status=422)
    return await tools(request, number, done=f"The phone of extension {number} is being rung.")


@allow(Role.ADMIN)
async def hang_up(request: web.Request) -> web.StreamResponse:
    """End every call of an extension's phone."""
    number = request.match_info["number"]
    try:
        ended = await portal_of(request).calls.hang_up(actor_of(request), number)
    except (AsteriskUnavailable, Conflict) as why:
        return await tools(request, number, error=str(why), status=422)
    what = "One call was" if ended == 1 else f"{ended} calls were"
    return await tools(request, number, done=f"{what} hung up.")
