"""A new password for who forgot theirs: ask for a code by e-mail, then use it.

The answer is the same whether or not there is such a user.
"""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import Invalid
from web.access import public
from web.portal import client_address, portal_of
from web.render import bare_page
from web.requests import read_form


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get("/reset", show_ask),
        web.post("/reset", ask),
        web.get("/reset/code", show_code),
        web.post("/reset/code", complete),
    ]


@public
async def show_ask(request: web.Request) -> web.StreamResponse:
    """Show the form that asks for the login name."""
    return bare_page(request, "reset/ask.html")


@public
async def ask(request: web.Request) -> web.StreamResponse:
    """Have a code mailed, and show where it is typed in."""
    login = (await read_form(request)).get("login", "").strip()
    await portal_of(request).password_reset.ask(login, client_address(request))
    return _code_page(request, {"login": login}, asked=True)


@public
async def show_code(request: web.Request) -> web.StreamResponse:
    """Show where a code is typed in, to who has one already."""
    return _code_page(request, {})


@public
async def complete(request: web.Request) -> web.StreamResponse:
    """Set the new password, and lead to the sign-in page."""
    form = await read_form(request)
    try:
        await portal_of(request).password_reset.complete(
            form.get("login", "").strip(),
            form.get("code", "").strip(),
            form.get("new", ""),
            form.get("repeat", ""),
            client_address(request),
        )
    except Invalid as invalid:
        return _code_page(request, form, errors=invalid.fields)
    raise web.HTTPSeeOther("/sign-in?notice=password-changed")


def _code_page(
    request: web.Request,
    form: dict[str, str],
    *,
    asked: bool = False,
    errors: dict[str, str] | None = None,
) -> web.Response:
    return bare_page(
        request,
        "reset/code.html",
        status=422 if errors else 200,
        asked=asked,
        login=form.get("login", ""),
        # Neither password comes back; the code does, for it need not be what was wrong.
        code=form.get("code", ""),
        errors=errors or {},
    )
