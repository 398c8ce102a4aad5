"""The Alerts screen: what is down now, and what was. It keeps itself up to date as every list."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.people import Role
from pbxbridge.services.states.alert_list import LISTED, recent_alerts
from web.access import allow
from web.portal import portal_of
from web.render import page

LIST = "/alerts"


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(LIST, show_list)]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show the open alerts, and those that ended last."""
    return await page(
        request,
        "alerts/list.html",
        alerts=await recent_alerts(),
        most=LISTED,
        many_nodes=len(portal_of(request).board.links) > 1,
    )
