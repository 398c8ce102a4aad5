"""The Help page: what a phone may dial besides numbers."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.calling.feature_codes import FEATURE_CODES
from web.access import signed_in
from web.render import page

PATH = "/help"


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(PATH, show)]


@signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """Show the feature codes."""
    return await page(request, "help/help.html", codes=FEATURE_CODES)
