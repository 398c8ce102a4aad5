"""The wallboard: what happens in the queues now, to be read across a room.

The figures follow /live. A page on a wall is never touched: where nothing can be changed with its
session the page itself keeps that alive (wallboard.js), as long as a session may last.
"""

from __future__ import annotations

import time

from aiohttp import web

from pbxbridge.errors import NotFound
from pbxbridge.services.call_centre.queue_view import QueueView
from pbxbridge.services.people import Role
from web.access import signed_in
from web.agent_words import STATES
from web.managers import may_manage
from web.navigation import CALL_CENTRE
from web.portal import SESSION, portal_of
from web.render import page
from web.wallboard_cells import ALL, unheard
from web.watchers import require_watcher


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get(CALL_CENTRE, show_all),
        web.get(f"{CALL_CENTRE}/{{name}}", show_one),
    ]


@signed_in
async def show_all(request: web.Request) -> web.StreamResponse:
    """Show every queue as a tile. Raises Forbidden."""
    await require_watcher(request)
    return await _page(request, "all", ALL, await portal_of(request).wallboard.queues())


@signed_in
async def show_one(request: web.Request) -> web.StreamResponse:
    """Show one queue and who takes its calls. Raises Forbidden, NotFound."""
    await require_watcher(request)
    name = request.match_info["name"]
    if not (found := await portal_of(request).wallboard.queues([name])):
        raise NotFound("There is no such queue.")
    return await _page(request, "one", name, found)


async def _page(
    request: web.Request, kind: str, follows: str, queues: list[QueueView]
) -> web.Response:
    return await page(
        request,
        f"wallboard/{kind}.html",
        queues=queues,
        follows=follows,
        words=STATES,
        may_manage=await may_manage(request),
        **unheard(request),
        now=time.time(),
        stays=request[SESSION].role is not Role.ADMIN,
    )
