"""``/live``: tells a browser what changed, by Server-Sent Events.

Three kinds of message. ``patch`` carries element ids and their new content. ``list`` says that the
list of extensions is no longer what it was; a browser that shows it asks for it again.
``signed-out`` is the last message of a stream whose session ended.

A stream begins with everything, after it has subscribed, so nothing falls between the page and
the stream. Source of the format: HTML standard, section 9.2, Server-sent events.
"""

from __future__ import annotations

import asyncio
import json

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response
from markupsafe import escape

from pbxbridge.events import Subscription
from pbxbridge.services.overview import Waiting
from pbxbridge.services.people import Role
from web import routes as names
from web.access import allow
from web.live_changes import LiveChanges
from web.portal import SESSION, portal_of
from web.render import fragment, link_of

log = structlog.get_logger(__name__)

BACKLOG = 500
RECONNECT_MS = 2000


class Streams(set[EventSourceResponse]):
    """The streams that are open, so that a shutdown can end them."""


STREAMS = web.AppKey("streams", Streams)


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get("/live", live, name=names.LIVE, allow_head=False)]


async def close_streams(app: web.Application) -> None:
    """Signal handler for on_shutdown: end every stream, which else would hold the server up."""
    for stream in app[STREAMS]:
        stream.stop_streaming()


@allow(Role.ADMIN, Role.OPERATOR)
async def live(request: web.Request) -> web.StreamResponse:
    """Stream changes until the browser leaves, its session ends, or the portal stops."""
    portal, streams = portal_of(request), request.config_dict[STREAMS]
    changes = LiveChanges(limit=BACKLOG)
    with portal.bus.subscribe(BACKLOG) as subscription:
        async with sse_response(request, ping_interval=portal.live.ping) as stream:
            streams.add(stream)
            try:
                await _serve(request, stream, subscription, changes)
            except* (ConnectionError, TimeoutError):
                pass  # the browser left, or takes nothing any more
            except* Exception:
                # The headers are out, so no error page can follow; the browser connects again.
                log.exception("live.failed")
            finally:
                streams.discard(stream)
    return stream


async def _serve(
    request: web.Request,
    stream: EventSourceResponse,
    subscription: Subscription,
    changes: LiveChanges,
) -> None:
    async with asyncio.TaskGroup() as tasks:
        jobs = [
            tasks.create_task(_collect(subscription, changes), name="live.collect"),
            tasks.create_task(_send(request, stream, changes), name="live.send"),
            tasks.create_task(_watch_session(request, stream), name="live.session"),
        ]
        await stream.wait()
        for job in jobs:
            job.cancel()


async def _collect(subscription: Subscription, changes: LiveChanges) -> None:
    async for event in subscription:
        changes.note(event)


async def _send(request: web.Request, stream: EventSourceResponse, changes: LiveChanges) -> None:
    portal = portal_of(request)
    waiting: Waiting | None = None
    await stream.send("hello", event="hello", retry=RECONNECT_MS)
    while True:
        await changes.wait()
        batch = changes.take()
        patch: dict[str, str] = {}
        for number in batch.numbers:
            patch |= row_patch(request, number)
        if batch.link:
            patch["link"] = fragment(request, "link.html", link=link_of(request))
        refresh = batch.list
        if batch.outbox:
            before, waiting = waiting, await portal.overview.waiting()
            patch["waiting"] = fragment(request, "waiting.html", waiting=waiting)
            # A row says whether it waits for Asterisk.
            refresh |= before is None or before.notices != waiting.notices
        if patch:
            await stream.send(json.dumps(patch), event="patch")
        if refresh:
            await stream.send("list", event="list")
        await asyncio.sleep(portal.live.gather)


def row_patch(request: web.Request, number: str) -> dict[str, str]:
    """Return the live cells of one row, by element id."""
    state = portal_of(request).mirror.state_of(number)
    return {
        f"status-{number}": fragment(request, "extensions/status.html", state=state),
        f"ip-{number}": str(escape(state.ip)),
        f"port-{number}": str(state.port or ""),
    }


async def _watch_session(request: web.Request, stream: EventSourceResponse) -> None:
    portal, token = portal_of(request), request[SESSION].token
    while True:
        if not await portal.accounts.session(token, in_use=False):
            await stream.send("signed-out", event="signed-out")
            stream.stop_streaming()
            return
        await asyncio.sleep(portal.live.session_check)
