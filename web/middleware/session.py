"""Who a request is from: a browser's session, or under /api/ the holder of an API token.

Only finds it; who may do what is decided in authorize.py.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from pbxbridge.services.people import Role
from web.cookies import read_session_token
from web.portal import SESSION, SignedInSession, portal_of
from web.routes import LIVE, SESSIONLESS

# What a page asks for by itself carries this header (static/js/list.js).
BACKGROUND = "X-Background"


@web.middleware
async def session(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the session, if there is one."""
    route = request.match_info.route.name
    if route not in SESSIONLESS and (found := await _from_cookie(request, route)):
        request[SESSION] = found
    return await handler(request)


async def _from_cookie(request: web.Request, route: str | None) -> SignedInSession | None:
    token = read_session_token(request)
    if not token:
        return None
    in_use = route != LIVE and BACKGROUND not in request.headers
    signed_in = await portal_of(request).accounts.session(token, in_use=in_use)
    if signed_in is None:
        return None
    return SignedInSession(
        token,
        getattr(signed_in, "user_id", 0),
        signed_in.login,
        getattr(signed_in, "role", Role.ADMIN),
        signed_in.must_change_password,
    )
