"""Nobody gets anywhere without a session, except to the few routes that are listed as public."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from web.cookies import read_session_token
from web.portal import SESSION, SignedInSession, portal_of
from web.requests import sign_in_url, wants_fragment, wants_page
from web.routes import (
    ALLOWED_WITH_ONE_TIME_PASSWORD,
    LIVE,
    PASSWORD_PATH,
    PUBLIC,
    SESSIONLESS,
)

# What a page asks for by itself carries this header (static/js/list.js).
BACKGROUND = "X-Background"


@web.middleware
async def session(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the session; refuse, or send to the sign-in page, who has none.

    An address that does not exist is refused the same way: its route has no name.
    """
    route = request.match_info.route.name
    if route in SESSIONLESS:
        return await handler(request)
    if token := read_session_token(request):
        in_use = route != LIVE and BACKGROUND not in request.headers
        signed_in = await portal_of(request).accounts.session(token, in_use=in_use)
        if signed_in:
            request[SESSION] = SignedInSession(
                token, signed_in.login, signed_in.must_change_password
            )
    if route in PUBLIC:
        return await handler(request)
    if SESSION not in request:
        raise _go(request, sign_in_url(request))
    if request[SESSION].must_change_password and route not in ALLOWED_WITH_ONE_TIME_PASSWORD:
        raise _go(request, PASSWORD_PATH)
    return await handler(request)


def _go(request: web.Request, target: str) -> web.HTTPException:
    if wants_fragment(request):
        return web.HTTPUnauthorized(headers={"HX-Redirect": target})
    if wants_page(request):
        return web.HTTPSeeOther(target)
    return web.HTTPUnauthorized()
