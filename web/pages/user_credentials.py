"""Letting somebody in again: a new one-time password, and a second factor that was lost."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.people import Role
from web.access import allow
from web.notices import notify
from web.pages.users import LIST, editor, in_list
from web.portal import actor_of, portal_of
from web.render import part_or_page
from web.requests import wants_fragment


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{login:[^/]+}}"
    return [
        web.post(f"{one}/password", reset_password),
        web.post(f"{one}/second-factor/off", switch_off_second_factor),
    ]


@allow(Role.ADMIN)
async def reset_password(request: web.Request) -> web.StreamResponse:
    """Make a one-time password and show it, once."""
    login = request.match_info["login"]
    password = await portal_of(request).users.reset_password(actor_of(request), login)
    return await part_or_page(
        request,
        "users/credentials.html",
        "question.html",
        title=f"User {login}",
        login=login,
        password=password,
    )


@allow(Role.ADMIN)
async def switch_off_second_factor(request: web.Request) -> web.StreamResponse:
    """Let somebody sign in with the password alone, who lost the phone."""
    users, login = portal_of(request).users, request.match_info["login"]
    await users.switch_off_second_factor(actor_of(request), login)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(in_list(login, "second-factor-off"))
    response = await editor(request, await users.get(login))
    notify(response, "second-factor-off")
    return response
