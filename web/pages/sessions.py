"""Where one is signed in, and ending that."""

from __future__ import annotations

from aiohttp import web

from web.access import signed_in
from web.navigation import PROFILE
from web.portal import SESSION, actor_of, portal_of


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.post(f"{PROFILE}/sessions/others/end", end_others),
        web.post(f"{PROFILE}/sessions/{{id:[0-9a-f]+}}/end", end),
    ]


@signed_in
async def end(request: web.Request) -> web.StreamResponse:
    """End one of one's own sessions."""
    accounts = portal_of(request).accounts
    await accounts.end_session(actor_of(request), request.match_info["id"])
    raise web.HTTPSeeOther(f"{PROFILE}?notice=session-ended")


@signed_in
async def end_others(request: web.Request) -> web.StreamResponse:
    """End all of one's sessions but this one."""
    accounts = portal_of(request).accounts
    await accounts.end_other_sessions(actor_of(request), request[SESSION].token)
    raise web.HTTPSeeOther(f"{PROFILE}?notice=sessions-ended")
