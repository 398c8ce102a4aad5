"""The start page: where a person goes who wants nowhere in particular."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.people import Role
from web.access import signed_in
from web.navigation import ME, PROFILE, is_served
from web.portal import SESSION
from web.requests import HOME


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(HOME, home)]


@signed_in
async def home(request: web.Request) -> web.StreamResponse:
    """Send each role to its first page; a notice to be shown goes along."""
    target = "/extensions"
    if request[SESSION].role is Role.USER:
        target = ME if is_served(request, ME) else PROFILE
    raise web.HTTPSeeOther(f"{target}?{request.query_string}".rstrip("?"))
