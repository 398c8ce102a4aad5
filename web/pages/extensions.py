"""The list of extensions: searched, filtered, sorted, a page at a time, all in the address.

Every address of the screen answers a whole page to a plain browser and the part that changes to
htmx.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from pbxbridge.mirror.endpoint import Status
from pbxbridge.services.device_types import DeviceType
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.people import Role
from web.access import allow
from web.notices import notice_of
from web.pages.extension_query import LIST, PAGE_SIZES, STATES, list_query
from web.portal import portal_of
from web.render import fragment, html, page
from web.requests import wants_fragment

# More matches than this are not counted: nobody reads so many, and counting takes time.
MOST_COUNTED = 1000
COLUMNS = {
    "number": "Extension",
    "device_type": "Device Type",
    "caller_id_name": "CallerID Name",
    "class_of_service": "Class of Service",
}


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(LIST, show_list), web.get(f"{LIST}/{{number:[0-9a-z]+}}", show_row)]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the list, as the address says."""
    portal, query = portal_of(request), list_query(request)
    found = await portal.extensions.page(
        query.wanted(portal.board), query.page, query.per_page, most=MOST_COUNTED
    )
    context: dict[str, Any] = {
        "found": found,
        "rows": [(view, portal.board.state_of(view.number)) for view in found.items],
        "query": query,
        "columns": COLUMNS,
        "page_sizes": PAGE_SIZES,
    }
    if wants_fragment(request):
        return html(fragment(request, "extensions/results.html", **context))
    return await page(
        request,
        "extensions/list.html",
        **context,
        licences=await portal.extensions.licences(),
        classes=await portal.extensions.classes_of_service(),
        device_types=tuple(DeviceType),
        states=STATES,
        notice=notice_of(request),
        statuses=tuple(Status),
    )


@allow(Role.ADMIN, Role.OPERATOR)
async def show_row(request: web.Request) -> web.StreamResponse:
    """Show one row as the list has it: what Cancel and Done put back."""
    number = request.match_info["number"]
    view = await portal_of(request).extensions.get(number)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?search={number}")
    return one_row(request, view)


def one_row(request: web.Request, view: ExtensionView) -> web.Response:
    """Return a row of the list."""
    state = portal_of(request).board.state_of(view.number)
    return html(fragment(request, "extensions/row.html", extension=view, state=state))
