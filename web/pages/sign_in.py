"""Signing in and out."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import Forbidden
from web import routes as names
from web.access import public, signed_in
from web.cookies import forget_session_token, set_session_token
from web.portal import SESSION, portal_of
from web.render import bare_page
from web.requests import read_form, safe_next


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get("/sign-in", show_sign_in, name=names.SIGN_IN),
        web.post("/sign-in", sign_in, name=names.SIGN_IN),
        web.post("/sign-out", sign_out, name=names.SIGN_OUT),
    ]


@public
async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """Show the form; who is signed in already goes on."""
    target = safe_next(request.query.get("next", ""))
    if SESSION in request:
        raise web.HTTPSeeOther(target)
    return bare_page(request, "sign_in/sign_in.html", next=target, login="", error="")


@public
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check login name and password, and begin a session."""
    form = await read_form(request)
    target = safe_next(form.get("next", ""))
    login = form.get("login", "").strip()
    try:
        token = await portal_of(request).accounts.sign_in(
            login, form.get("password", ""), request.remote or ""
        )
    except Forbidden as refused:
        return bare_page(
            request,
            "sign_in/sign_in.html",
            status=403,
            next=target,
            login=login,
            error=str(refused),
        )
    response = web.HTTPSeeOther(target)
    set_session_token(request, response, token)
    raise response


@signed_in
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    await portal_of(request).accounts.sign_out(request[SESSION].token)
    response = web.HTTPSeeOther("/sign-in")
    forget_session_token(request, response)
    raise response
