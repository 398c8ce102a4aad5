"""A write must come from a page of this portal, sent by the person who is signed in.

Two locks: where the browser says the request comes from, and a token that only this session's
pages hold. Public forms, such as the sign-in form, have no session: the first alone guards them.
An API token needs neither, for no browser sends it by itself.
"""

from __future__ import annotations

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler

from pbxbridge.errors import Forbidden
from web.cookies import csrf_token
from web.portal import SESSION
from web.requests import is_api, read_form, split_url
from web.upload import first_field, is_upload

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "csrf"
HEADER = "X-CSRF-Token"

_ATTRIBUTE = "__audited__"
_HIDDEN = "__without_referrer__"


@web.middleware
async def csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a write from elsewhere, or without the session's token. Raises Forbidden."""
    session = request.get(SESSION)
    is_safe = request.method in SAFE_METHODS and not _is_audited(request)
    if is_safe or (session and not session.by_cookie):
        return await handler(request)
    if not comes_from_here(request, may_hide=_may_hide(request)):
        raise Forbidden("This request came from another site.")
    if session:
        given = request.headers.get(HEADER, "")
        if not given and is_upload(request):
            given = await first_field(request, FIELD)
        elif not given and not is_api(request):
            given = (await read_form(request)).get(FIELD, "")
        if not hmac.compare_digest(_bytes(given), _bytes(csrf_token(session.token))):
            raise Forbidden("This page is out of date. Load it again and repeat what you did.")
    return await handler(request)


def _bytes(token: str) -> bytes:
    # A header may hold bytes that are no text.
    return token.encode(errors="surrogateescape")


def audited(handler: Handler) -> Handler:
    """Declare that even a GET leaves an entry in the audit, which another site must not cause."""
    setattr(handler, _ATTRIBUTE, True)
    return handler


def _is_audited(request: web.Request) -> bool:
    return bool(getattr(request.match_info.handler, _ATTRIBUTE, False))


def from_a_page_without_referrer(handler: Handler) -> Handler:
    """Declare that the form is on a page whose Referrer-Policy is no-referrer.

    Browsers then send ``Origin: null`` (Fetch standard, "append a request Origin header"), and over
    plain http no Sec-Fetch-Site that would tell more. Only for a handler that asks for no session,
    and whose address nobody else can know: there is nothing that another site could abuse.
    """
    setattr(handler, _HIDDEN, True)
    return handler


def _may_hide(request: web.Request) -> bool:
    return bool(getattr(request.match_info.handler, _HIDDEN, False))


def comes_from_here(request: web.Request, *, may_hide: bool = False) -> bool:
    """Whether the browser says that a page of this portal made the request.

    ``Sec-Fetch-Site`` is right behind any proxy, but browsers send it to https and localhost only;
    ``Origin`` comes with every POST of every browser since 2020. With neither, no browser is at
    work, and nobody's cookies can be abused. Source: W3C Fetch Metadata; Fetch standard, Origin.
    With ``may_hide`` an Origin of null says nothing either.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None or (may_hide and origin == "null"):
        return True
    parts = split_url(origin)
    return parts is not None and parts.netloc == request.host
