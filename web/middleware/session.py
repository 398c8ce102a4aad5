"""Who a request is from: a browser's session, or under /api/ the holder of an API token.

This only finds out; who may do what is decided in authorize.py.
"""

from __future__ import annotations

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from pbxbridge.services.people import TokenScope
from web.cookies import read_session_token
from web.portal import SESSION, SignedInSession, portal_of
from web.requests import BEARER, is_api
from web.routes import LIVE, SESSIONLESS

# What a page asks for by itself carries this header (static/js/list.js).
BACKGROUND = "X-Background"


@web.middleware
async def session(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the session, if there is one. Raises HTTPUnauthorized for an API token that is none."""
    if request.match_info.route.name in SESSIONLESS:
        return await handler(request)
    if is_api(request) and (given := request.headers.get(hdrs.AUTHORIZATION)):
        # Whoever names one means it: the cookie that may come along is not looked at.
        request[SESSION] = await _from_token(request, given)
    elif found := await _from_cookie(request):
        request[SESSION] = found
    return await handler(request)


async def _from_token(request: web.Request, given: str) -> SignedInSession:
    scheme, _, token = given.partition(" ")
    holder = None
    if scheme.lower() == "bearer":
        holder = await portal_of(request).api_tokens.authenticate(token.strip())
    if holder is None:
        # RFC 6750, section 3.1.
        challenge = f'{BEARER}, error="invalid_token"'
        raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: challenge})
    return SignedInSession(
        token="",
        user_id=holder.user_id,
        login=holder.login,
        role=holder.role,
        read_only=holder.scope is TokenScope.READ,
    )


async def _from_cookie(request: web.Request) -> SignedInSession | None:
    token = read_session_token(request)
    if not token:
        return None
    in_use = request.match_info.route.name != LIVE and BACKGROUND not in request.headers
    found = await portal_of(request).accounts.session(token, in_use=in_use)
    if found is None:
        return None
    return SignedInSession(
        token, found.user_id, found.login, found.role, found.must_change_password
    )
