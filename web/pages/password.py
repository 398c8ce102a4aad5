"""Changing one's own password; the first thing to do with a one-time password."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import Invalid
from web import routes as names
from web.access import signed_in
from web.cookies import set_session_token
from web.portal import SESSION, actor_of, portal_of
from web.render import bare_page, page
from web.requests import HOME, read_form


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get(names.PASSWORD_PATH, show_password, name=names.PASSWORD),
        web.post(names.PASSWORD_PATH, change_password, name=names.PASSWORD),
    ]


@signed_in
async def show_password(request: web.Request) -> web.StreamResponse:
    """Show the form."""
    return await _form(request, {})


@signed_in
async def change_password(request: web.Request) -> web.StreamResponse:
    """Change the password; every other session of this person ends."""
    form = await read_form(request)
    try:
        token = await portal_of(request).accounts.change_password(
            actor_of(request),
            request[SESSION].token,
            form.get("current", ""),
            form.get("new", ""),
            form.get("repeat", ""),
        )
    except Invalid as invalid:
        return await _form(request, invalid.fields, status=422)
    response = web.HTTPSeeOther(f"{HOME}?notice=password-changed")
    set_session_token(request, response, token)
    raise response


async def _form(
    request: web.Request, errors: dict[str, str], status: int = 200
) -> web.StreamResponse:
    session = request[SESSION]
    context = {
        "login": session.login,
        "must_change": session.must_change_password,
        "errors": errors,
    }
    # With a one-time password no other page works yet: the frame would be full of dead links.
    if session.must_change_password:
        return bare_page(request, "password/password.html", status=status, **context)
    return await page(request, "password/password.html", status=status, **context)
