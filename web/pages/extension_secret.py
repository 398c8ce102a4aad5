"""The secrets of an extension: shown on demand, or replaced. The service audits all of it."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.extension_input import WITHOUT
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.people import Role
from web.access import allow
from web.pages.extension_form import device_name
from web.portal import actor_of, portal_of
from web.render import part_or_page


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = "/extensions/{number:[0-9a-z]+}"
    return [
        web.post(f"{one}/secret", show_secret),
        web.post(f"{one}/secret/new", regenerate_secret),
        web.post(f"{one}/auth-secret", show_auth_secret),
    ]


def has_secret(view: ExtensionView) -> bool:
    """Whether devices of this extension's type log in with a secret."""
    return "secret" not in WITHOUT[view.device_type]


@allow(Role.ADMIN)
async def show_secret(request: web.Request) -> web.StreamResponse:
    """Show the secret that the device must use."""
    number = request.match_info["number"]
    secret = await portal_of(request).extensions.secret(actor_of(request), number)
    return await _credentials(request, secret, is_new=False)


@allow(Role.ADMIN)
async def regenerate_secret(request: web.Request) -> web.StreamResponse:
    """Replace the secret and show the new one."""
    number = request.match_info["number"]
    secret = await portal_of(request).extensions.regenerate_secret(actor_of(request), number)
    return await _credentials(request, secret, is_new=True)


@allow(Role.ADMIN)
async def show_auth_secret(request: web.Request) -> web.StreamResponse:
    """Show the secret of the auth override, with its user name."""
    number = request.match_info["number"]
    secret = await portal_of(request).extensions.auth_secret(actor_of(request), number)
    return await _credentials(request, secret, is_new=False, is_auth=True)


async def _credentials(
    request: web.Request, secret: str, *, is_new: bool, is_auth: bool = False
) -> web.StreamResponse:
    view = await portal_of(request).extensions.get(request.match_info["number"])
    return await part_or_page(
        request,
        "extensions/credentials.html",
        "question.html",
        title=f"Extension {view.number}",
        extension=view,
        device="Auth" if is_auth else device_name(view),
        user_name=view.auth_username if is_auth else view.number,
        secret=secret,
        is_new=is_new,
        can_hide=True,
    )
