"""The SIP secret of an extension: shown on demand, or replaced. The service audits both."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.people import Role
from web.access import allow
from web.portal import actor_of, portal_of
from web.render import part_or_page


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = "/extensions/{number:[0-9a-z]+}"
    return [
        web.post(f"{one}/secret", show_secret),
        web.post(f"{one}/secret/new", regenerate_secret),
    ]


@allow(Role.ADMIN)
async def show_secret(request: web.Request) -> web.StreamResponse:
    """Show the secret that the device must use."""
    number = request.match_info["number"]
    secret = await portal_of(request).extensions.secret(actor_of(request), number)
    return await _credentials(request, number, secret, is_new=False)


@allow(Role.ADMIN)
async def regenerate_secret(request: web.Request) -> web.StreamResponse:
    """Replace the secret and show the new one."""
    number = request.match_info["number"]
    secret = await portal_of(request).extensions.regenerate_secret(actor_of(request), number)
    return await _credentials(request, number, secret, is_new=True)


async def _credentials(
    request: web.Request, number: str, secret: str, *, is_new: bool
) -> web.StreamResponse:
    return await part_or_page(
        request,
        "extensions/credentials.html",
        "question.html",
        title=f"Extension {number}",
        number=number,
        secret=secret,
        is_new=is_new,
    )
