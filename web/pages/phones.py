"""The Phones screen: the MAC addresses that extensions have, and the dialog of one of them."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from pbxbridge.services.desk_phones.addresses import NewAddress
from pbxbridge.services.people import Role
from web.access import allow
from web.desk_phone import appended_files, try_new_address, try_removal, try_resync
from web.portal import portal_of
from web.render import page, part_or_page
from web.requests import page_of, search_of

LIST = "/phones"


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{mac:[0-9a-f]{{12}}}}"
    return [
        web.get(LIST, show_list),
        web.get(one, show),
        web.post(f"{one}/address", new_address),
        web.post(f"{one}/address/remove", remove_address),
        web.post(f"{one}/resync", resync),
    ]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the list, searched by ``search``."""
    search = search_of(request)
    found = await portal_of(request).desk_phones.page(search, page_of(request))
    return await page(request, "phones/list.html", found=found, search=search)


@allow(Role.ADMIN)
async def show(request: web.Request) -> web.StreamResponse:
    """Show what can be done with a phone."""
    return await _dialog(request)


@allow(Role.ADMIN)
async def new_address(request: web.Request) -> web.StreamResponse:
    """Give the phone a new address, and show it this once."""
    made, error, status = await try_new_address(request, _mac(request))
    return await _dialog(request, made=made, error=error, status=status)


@allow(Role.ADMIN)
async def remove_address(request: web.Request) -> web.StreamResponse:
    """Take the phone's address back."""
    done, error, status = await try_removal(request, _mac(request))
    return await _dialog(request, done=done, error=error, status=status)


@allow(Role.ADMIN)
async def resync(request: web.Request) -> web.StreamResponse:
    """Have the phone fetch its configuration."""
    done, error, status = await try_resync(request, _mac(request))
    return await _dialog(request, done=done, error=error, status=status)


async def _dialog(
    request: web.Request,
    *,
    made: NewAddress | None = None,
    done: str = "",
    error: str = "",
    status: int = 200,
) -> web.Response:
    mac, phones = _mac(request), portal_of(request).desk_phones
    phone = await phones.get(mac)
    return await part_or_page(
        request,
        "phones/phone.html",
        "question.html",
        title=f"Phone {phone.shown_mac}",
        status=status,
        phone=phone,
        action=f"{LIST}/{mac}",
        back=f"{LIST}?{urlencode({'search': mac})}",
        made=made,
        appended=appended_files(phones.makes, made),
        done=done,
        error=error,
    )


def _mac(request: web.Request) -> str:
    return request.match_info["mac"]
