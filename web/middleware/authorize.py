"""Nobody calls a handler but those whom it declares (../access.py); undeclared, nobody at all."""

from __future__ import annotations

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from pbxbridge.errors import Forbidden
from web.access import access_of
from web.middleware.csrf import SAFE_METHODS
from web.portal import SESSION
from web.requests import BEARER, is_api, loggable_path, sign_in_url, wants_fragment, wants_page
from web.routes import ALLOWED_WITH_ONE_TIME_PASSWORD, PASSWORD_PATH

log = structlog.get_logger(__name__)


@web.middleware
async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse, or send to where one can sign in. Raises Forbidden for the wrong role.

    To a stranger an address that does not exist looks like any other.
    """
    match = request.match_info
    access = access_of(match.route)
    if access and access.anonymous:
        return await handler(request)
    if SESSION not in request:
        raise _go(request, sign_in_url(request))
    session = request[SESSION]
    if session.must_change_password and match.route.name not in ALLOWED_WITH_ONE_TIME_PASSWORD:
        raise _go(request, PASSWORD_PATH)
    if match.http_exception is not None:
        return await handler(request)  # 404 or 405: there is no handler that could declare anything
    if access is None:
        log.error("access.undeclared", route=loggable_path(request))
        raise Forbidden("This page does not say who may open it.")
    if session.role not in access.roles:
        raise Forbidden("Your role does not allow this. Ask an administrator.")
    if session.read_only and request.method not in SAFE_METHODS:
        raise Forbidden("This API token may only read.")
    return await handler(request)


def _go(request: web.Request, target: str) -> web.HTTPException:
    if is_api(request):
        return web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: BEARER})
    if wants_fragment(request):
        return web.HTTPUnauthorized(headers={"HX-Redirect": target})
    if wants_page(request):
        return web.HTTPSeeOther(target)
    return web.HTTPUnauthorized()
