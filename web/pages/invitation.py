"""The page behind the link of an invitation: for whoever was sent it, signed in or not.

Opening the page shows nothing that is secret and makes nothing, for mail scanners open links too.
The button does, once; what it made is shown to the browser that pressed it, for a few minutes.
"""

from __future__ import annotations

from aiohttp import hdrs, web
from markupsafe import Markup

from pbxbridge.services.invitations.claiming import NotGood, Shown
from pbxbridge.services.invitations.visits import LENGTH
from pbxbridge.services.qr_code import qr_code
from pbxbridge.services.secret_links import INVITATION_PATH, hash_of
from web.access import public
from web.middleware.csrf import from_a_page_without_referrer
from web.portal import client_address, portal_of
from web.render import bare_page
from web.routes import INVITATION


def routes() -> list[web.RouteDef]:
    """Return what this module serves; whatever a mail program made of the address comes here."""
    path = f"{INVITATION_PATH}{{token:.+}}"
    return [
        web.get(path, show, name=INVITATION),
        web.post(path, claim, name=INVITATION),
    ]


@public
async def show(request: web.Request) -> web.StreamResponse:
    """Show what the link offers, or what it has shown already in this visit."""
    claiming, token = portal_of(request).claiming, request.match_info["token"]
    address, visit = client_address(request), request.cookies.get(_cookie(request), "")
    try:
        if request.method == hdrs.METH_HEAD:
            offer = await claiming.look(token, address)
        elif shown := await claiming.visited(token, address, visit):
            return _credentials(request, shown)
        else:
            offer = await claiming.open(token, address)
    except NotGood as why:
        return _not_good(request, why)
    softphone = portal_of(request).invitations.softphone
    return bare_page(request, "invitation/offer.html", offer=offer, softphone=softphone)


@public
@from_a_page_without_referrer
async def claim(request: web.Request) -> web.StreamResponse:
    """Make the password, and show it to this browser."""
    token = request.match_info["token"]
    try:
        visit = await portal_of(request).claiming.claim(token, client_address(request))
    except NotGood as why:
        return _not_good(request, why)
    response = web.Response(status=303, headers={hdrs.LOCATION: request.rel_url.raw_path})
    response.set_cookie(
        _cookie(request),
        visit,
        path=INVITATION_PATH,
        max_age=int(LENGTH.total_seconds()),
        httponly=True,
        secure=portal_of(request).settings.secure_cookies,
        samesite="Strict",
    )
    return response


def _cookie(request: web.Request) -> str:
    """Return the name of the visit's cookie: one for each link, for one may claim several."""
    link = hash_of(request.match_info["token"])
    prefix = "__Secure-" if portal_of(request).settings.secure_cookies else ""
    return f"{prefix}visit-{link[:16]}"


def _credentials(request: web.Request, shown: Shown) -> web.Response:
    softphone = portal_of(request).invitations.softphone
    uri = softphone.uri(shown.number)
    return bare_page(
        request,
        "invitation/credentials.html",
        shown=shown,
        softphone=softphone,
        uri=uri,
        # Drawn out of squares: there is no text in it that could be markup.
        qr_code=Markup(qr_code(uri)) if uri else "",  # noqa: S704
    )


def _not_good(request: web.Request, why: NotGood) -> web.Response:
    status = 410 if why.was_good else 404
    return bare_page(request, "invitation/not_good.html", status, is_used=why.is_used)
