"""What happens to a call for an extension now: opened in its editor, or as a page of its own."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.people import Role
from web.access import allow
from web.portal import portal_of
from web.render import part_or_page


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get("/extensions/{number:[0-9a-z]+}/preview", show)]


@allow(Role.ADMIN, Role.OPERATOR)
async def show(request: web.Request) -> web.StreamResponse:
    """Show the steps of a call, as they would be at this moment."""
    number = request.match_info["number"]
    return await part_or_page(
        request,
        "extensions/preview.html",
        "extensions/preview_page.html",
        title=f"A call to {number} now",
        preview=await portal_of(request).preview.of(number),
        is_fresh=portal_of(request).board.is_fresh,
    )
