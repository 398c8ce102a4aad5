"""The desk phone of an extension, from its tools: its address, and having it fetch its file."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import NotFound
from pbxbridge.services.people import Role
from web.access import allow
from web.desk_phone import MADE, try_new_address, try_removal, try_resync
from web.pages.extension_query import LIST
from web.pages.extension_tools import tools
from web.portal import portal_of


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{number:[0-9a-z]+}}/phone"
    return [
        web.post(f"{one}/address", new_address),
        web.post(f"{one}/address/remove", remove_address),
        web.post(f"{one}/resync", resync),
    ]


@allow(Role.ADMIN)
async def new_address(request: web.Request) -> web.StreamResponse:
    """Give the extension's phone a new address, and show it this once."""
    number, mac = await _phone(request)
    made, error, status = await try_new_address(request, mac)
    if made:
        request[MADE] = made
    return await tools(request, number, error=error, status=status)


@allow(Role.ADMIN)
async def remove_address(request: web.Request) -> web.StreamResponse:
    """Take the address of the extension's phone back."""
    number, mac = await _phone(request)
    done, error, status = await try_removal(request, mac)
    return await tools(request, number, done=done, error=error, status=status)


@allow(Role.ADMIN)
async def resync(request: web.Request) -> web.StreamResponse:
    """Have the extension's phone fetch its configuration."""
    number, mac = await _phone(request)
    done, error, status = await try_resync(request, mac)
    return await tools(request, number, done=done, error=error, status=status)


async def _phone(request: web.Request) -> tuple[str, str]:
    """Return the extension's number and its phone's MAC address. Raises NotFound without one."""
    view = await portal_of(request).extensions.get(request.match_info["number"])
    if not view.mac:
        raise NotFound(f"Extension {view.number} has no MAC address.")
    return view.number, view.mac
