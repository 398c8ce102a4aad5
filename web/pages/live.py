"""``/live``: tells a browser what changed, by Server-Sent Events.

Five kinds of message. ``patch`` carries element ids and their new content. ``states`` says that
more endpoints changed than a browser shows rows: it asks ``/live/states`` for those that it shows.
``list`` says that the list of extensions, or of alerts, is no longer what it was, ``mailbox`` that
some voicemail is not; a browser that shows it asks for it again. ``signed-out`` is the last message
of a stream whose session ended. Whoever may not see every extension is told of their own only
(../audience.py).

A wallboard asks for ``/live?queues=sales``, or ``*`` for all queues, and is told of nothing else.

A stream begins with everything, after it has subscribed, so nothing falls between the page and
the stream. Source of the format: HTML standard, section 9.2, Server-sent events.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from pbxbridge.events import Subscription
from pbxbridge.services.overview import Waiting
from pbxbridge.services.people import Role
from web import routes as names
from web.access import signed_in
from web.agent_cells import agent_cells
from web.audience import Audience
from web.live_cells import cells_of
from web.live_changes import Batch, LiveChanges
from web.managers import may_manage
from web.own_extensions import own_extensions
from web.portal import SESSION, portal_of
from web.render import fragment, node_links
from web.wallboard_cells import ALL, unheard_cell
from web.wallboard_cells import cells_of as queue_cells
from web.watchers import may_watch

log = structlog.get_logger(__name__)

BACKLOG = 500
# A usual page has 50 rows: to tell of many more costs more than to be asked for those.
MOST_ROWS = 100
# The largest page has 200.
MOST_ASKED = 500
RECONNECT_MS = 2000


class Streams(set[EventSourceResponse]):
    """The streams that are open, so that a shutdown can end them; none stays open after it."""

    are_closed = False


STREAMS = web.AppKey("streams", Streams)


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get("/live", live, name=names.LIVE, allow_head=False),
        web.get("/live/states", show_states),
    ]


async def close_streams(app: web.Application) -> None:
    """Signal handler for on_shutdown: end every stream, which else would hold the server up."""
    app[STREAMS].are_closed = True
    for stream in app[STREAMS]:
        stream.stop_streaming()


@signed_in
async def live(request: web.Request) -> web.StreamResponse:
    """Stream changes until the browser leaves, its session ends, or the portal stops."""
    portal, streams = portal_of(request), request.config_dict[STREAMS]
    changes = LiveChanges(limit=MOST_ROWS)
    audience = Audience(sees_all=request[SESSION].role is not Role.USER)
    if await may_watch(request):
        audience.queues = request.query.get("queues", "")
    with portal.bus.subscribe(BACKLOG) as subscription:
        audience.own = await _own_numbers(request)
        async with sse_response(request, ping_interval=portal.live.ping) as stream:
            streams.add(stream)
            if streams.are_closed:
                # It was on its way while the others were ended.
                stream.stop_streaming()
            try:
                await _serve(request, stream, subscription, audience, changes)
            except* (ConnectionError, TimeoutError):
                pass  # the browser left, or takes nothing any more
            except* Exception:
                # The headers are out, so no error page can follow; the browser connects again.
                log.exception("live.failed")
            finally:
                streams.discard(stream)
    return stream


@signed_in
async def show_states(request: web.Request) -> web.Response:
    """Return a patch of these rows, of which the address has the numbers, with commas between."""
    numbers = [number for number in request.query.get("of", "").split(",") if number]
    if request[SESSION].role is Role.USER:
        own = await _own_numbers(request)
        numbers = [number for number in numbers if number in own]
    return web.json_response(_rows(request, numbers[:MOST_ASKED]))


async def _serve(
    request: web.Request,
    stream: EventSourceResponse,
    subscription: Subscription,
    audience: Audience,
    changes: LiveChanges,
) -> None:
    async with asyncio.TaskGroup() as tasks:
        jobs = [
            tasks.create_task(_collect(subscription, audience, changes), name="live.collect"),
            tasks.create_task(_send(request, stream, audience, changes), name="live.send"),
            tasks.create_task(
                _watch_session(request, stream, audience, changes), name="live.session"
            ),
        ]
        await stream.wait()
        for job in jobs:
            job.cancel()


async def _collect(subscription: Subscription, audience: Audience, changes: LiveChanges) -> None:
    async for event in subscription:
        if share := audience.share_of(event):
            changes.note(share)


async def _send(
    request: web.Request, stream: EventSourceResponse, audience: Audience, changes: LiveChanges
) -> None:
    waiting: Waiting | None = None
    await stream.send("hello", event="hello", retry=RECONNECT_MS)
    while True:
        await changes.wait()
        batch = changes.take()
        patch = await _patch(request, batch, audience)
        refresh = batch.list
        if batch.outbox and audience.sees_all:
            before, waiting = waiting, await portal_of(request).overview.waiting()
            patch["waiting"] = fragment(request, "waiting.html", waiting=waiting)
            # A row says whether it waits for Asterisk, and how far its invitation is.
            refresh |= before is None or _shown_in_rows(before) != _shown_in_rows(waiting)
        if patch:
            await stream.send(json.dumps(patch), event="patch")
        if batch.states:
            await stream.send("states", event="states")
        if batch.mailbox and (audience.own or audience.sees_all):
            await stream.send("mailbox", event="mailbox")
        if refresh:
            await stream.send("list", event="list")
        await asyncio.sleep(portal_of(request).live.gather)


def _shown_in_rows(waiting: Waiting) -> tuple[int, int]:
    return waiting.notices, waiting.invitations


async def _patch(request: web.Request, batch: Batch, audience: Audience) -> dict[str, str]:
    patch = _rows(request, batch.numbers)
    for agent in batch.agents:
        patch |= agent_cells(request, agent)
    if audience.queues:
        patch |= await _queues(request, batch, audience.queues)
    if batch.link:
        nodes = node_links(request, why=audience.sees_all)
        patch["link"] = fragment(request, "link.html", nodes=nodes)
    return patch


def _rows(request: web.Request, numbers: Iterable[str]) -> dict[str, str]:
    patch: dict[str, str] = {}
    for number in numbers:
        patch |= cells_of(request, number)
    return patch


async def _queues(request: web.Request, batch: Batch, wanted: str) -> dict[str, str]:
    """Return what changed of the queues that a wallboard shows."""
    wallboard, is_one = portal_of(request).wallboard, wanted != ALL
    names = ({wanted} if is_one else None) if batch.queues is None else batch.queues
    views = await wallboard.queues(names) if names is None or names else []
    manages = is_one and await may_manage(request)
    cells = queue_cells(request, views, with_members=is_one, may_manage=manages)
    return cells | unheard_cell(request) if batch.queues is None else cells


async def _watch_session(
    request: web.Request, stream: EventSourceResponse, audience: Audience, changes: LiveChanges
) -> None:
    """End the stream with its session, and follow what the person may see."""
    portal, session = portal_of(request), request[SESSION]
    while True:
        found = await portal.accounts.session(session.token, in_use=False)
        if not found:
            await stream.send("signed-out", event="signed-out")
        if not found or found.role is not session.role:
            stream.stop_streaming()  # with another role the browser connects again
            return
        if audience.queues and not await may_watch(request):
            stream.stop_streaming()
            return
        own = await _own_numbers(request)
        if own != audience.own:
            audience.own = own
            changes.note_list()
        await asyncio.sleep(portal.live.session_check)


async def _own_numbers(request: web.Request) -> frozenset[str]:
    return frozenset(extension.number for extension in await own_extensions(request))
