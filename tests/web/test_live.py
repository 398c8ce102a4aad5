"""The live stream: what a browser is told, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from pbxbridge.events import EndpointsChanged, OutboxChanged
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from pbxbridge.settings import ONLY_NODE
from tests.eventually import eventually
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.extensions import delete_knowingly
from tests.web.conftest import IDLE, Clock, Prepared
from tests.web.visitor import Client, Visitor
from web.app import LiveTimes, Portal, make_app
from web.pages.live import BACKLOG, MOST_ROWS, STREAMS, close_streams

SECONDS = 5.0
CELLS = ("status", "ip", "port", "call", "tools-call", "agent")


@pytest.fixture(autouse=True)
def _queues_are_heard(queue_board: QueueBoard) -> None:
    queue_board.heard(ONLY_NODE, [], [])


def cells(number: str) -> set[str]:
    return {f"{name}-{number}" for name in CELLS}


def register(mirror: EagerMirror, number: str, status: str = "Reachable") -> None:
    mirror.contact_changed(ContactReport(number, f"sip:{number}@192.0.2.1:5062", status, "2000"))


class Stream:
    """The messages of one open stream."""

    def __init__(self, answer: ClientResponse) -> None:
        self._answer = answer

    async def line(self) -> str:
        async with asyncio.timeout(SECONDS):
            return (await self._answer.content.readline()).decode()

    async def message(self) -> tuple[str, str]:
        """Return the next message's event and data; two empty strings at the end."""
        event = data = ""
        while line := (await self.line()):
            name, _, value = line.strip().partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                data = value
            elif not line.strip() and event:
                return event, data
        return "", ""

    async def until(self, wanted: str) -> str:
        """Return the data of the next message of this kind."""
        while True:
            event, data = await self.message()
            assert event, f"the stream ended before {wanted}"
            if event == wanted:
                return data

    async def patch(self, id_: str) -> dict[str, str]:
        """Return the next patch that changes this element."""
        while True:
            changed: dict[str, str] = json.loads(await self.until("patch"))
            if id_ in changed:
                return changed

    async def settled(self) -> None:
        """Read what every stream begins with."""
        assert (await self.message())[0] == "hello"
        assert json.loads(await self.until("patch")).keys() == {"link", "waiting"}
        await self.until("list")


@asynccontextmanager
async def streaming(visitor: Visitor, address: str = "/live") -> AsyncIterator[Stream]:
    async with visitor.client.get(address, cookies=visitor.cookies) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield Stream(answer)


async def test_a_stream_begins_with_everything(visitor: Visitor) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()


async def test_a_changed_endpoint_reaches_the_browser(
    visitor: Visitor, mirror: EagerMirror
) -> None:
    mirror.track("1001", monitored=True)
    async with streaming(visitor) as stream:
        await stream.settled()
        register(mirror, "1001")
        patch = await stream.patch("status-1001")
        assert ">OK<" in patch["status-1001"]
        assert (patch["ip-1001"], patch["port-1001"]) == ("192.0.2.1", "5062")
        register(mirror, "1001", "Removed")
        patch = await stream.patch("status-1001")
        assert "OK" not in patch["status-1001"]
        assert (patch["ip-1001"], patch["port-1001"]) == ("", "")


async def test_an_address_from_the_wire_is_text(visitor: Visitor, mirror: EagerMirror) -> None:
    mirror.track("1001", monitored=True)
    async with streaming(visitor) as stream:
        await stream.settled()
        mirror.contact_changed(ContactReport("1001", "sip:1001@<b>:5062", "Reachable"))
        assert (await stream.patch("ip-1001"))["ip-1001"] == "&lt;b"


async def test_an_address_too_long_for_its_column_is_whole_in_the_tooltip(
    visitor: Visitor, mirror: EagerMirror
) -> None:
    mirror.track("1001", monitored=True)
    address = "2001:db8:85a3:1234:5678:8a2e:370:7334"
    async with streaming(visitor) as stream:
        await stream.settled()
        mirror.contact_changed(ContactReport("1001", f"sip:1001@[{address}]:5060", "Reachable"))
        assert f'title="{address}"' in (await stream.patch("ip-1001"))["ip-1001"]


async def test_the_link_and_why_it_is_down(visitor: Visitor, mirror: EagerMirror) -> None:
    mirror.link_up()
    async with streaming(visitor) as stream:
        await stream.settled()
        mirror.link_down("Connection refused <by> Asterisk.")
        banner = (await stream.patch("link"))["link"]
        assert "Asterisk is not connected" in banner
        assert "(Connection refused &lt;by&gt; Asterisk). Showing the last known state." in banner
        assert f'datetime="{mirror.link.since.isoformat()}"' in banner
        mirror.link_up()
        assert "Asterisk is connected" in (await stream.patch("link"))["link"]


async def test_what_others_save_and_delete_is_told(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()
        wanted = parse_extension({"number": "1001", "caller_id_name": "Ada"})
        await extensions.create(admin, wanted)
        await stream.until("list")
        await delete_knowingly(extensions, admin, "1001")
        assert "waiting for Asterisk" in (await stream.patch("waiting"))["waiting"]
        await stream.until("list")


async def test_only_what_changed_is_told(visitor: Visitor, mirror: EagerMirror) -> None:
    for number in ("1001", "1002"):
        mirror.track(number, monitored=True)
    async with streaming(visitor) as stream:
        await stream.settled()
        register(mirror, "1001")
        assert (await stream.patch("status-1001")).keys() == cells("1001")
        register(mirror, "1001")
        register(mirror, "1002")
        assert (await stream.patch("status-1002")).keys() == cells("1002")


async def test_of_more_than_a_page_shows_the_browser_asks_for_what_it_shows(
    visitor: Visitor, mirror: EagerMirror
) -> None:
    numbers = [str(number) for number in range(1001, 1002 + MOST_ROWS)]
    for number in numbers:
        mirror.track(number, monitored=True)
    async with streaming(visitor) as stream:
        await stream.settled()
        for number in numbers:
            register(mirror, number)
        assert (await stream.message())[0] == "states"
        answer = await visitor.get("/live/states?of=1001,1003,9999")
        states = await answer.json()
        assert states.keys() == cells("1001") | cells("1003") | cells("9999")
        assert ">OK<" in states["status-1003"]
        assert (states["port-1003"], states["port-9999"]) == ("5062", "")
        register(mirror, "1003", "Unreachable")
        assert (await stream.patch("status-1003")).keys() == cells("1003")


async def test_a_stream_that_missed_events_has_everything_read_again(
    visitor: Visitor, portal: Portal
) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()
        for number in range(BACKLOG * 3):
            portal.bus.publish(EndpointsChanged(frozenset({str(number)})))
        event, data = await stream.message()
        assert (event, json.loads(data).keys()) == ("patch", {"link", "waiting"})
        assert [(await stream.message())[0] for _ in range(3)] == ["states", "mailbox", "list"]


async def test_who_has_an_extension_reads_the_state_of_that_one_only(
    client: Client, prepared: Prepared, extensions: Extensions, admin: Actor, mirror: EagerMirror
) -> None:
    for number, users in (("1001", [Role.USER.value]), ("1002", [])):
        wanted = {"number": number, "caller_id_name": "Ada", "users": users}
        await extensions.create(admin, parse_extension(wanted))
    visitor = Visitor(client, prepared.tokens[Role.USER])
    answer = await visitor.get("/live/states?of=1001,1002")
    assert (await answer.json()).keys() == cells("1001")


async def test_an_outbox_that_did_not_change_for_asterisk_does_not_refresh_the_list(
    visitor: Visitor, portal: Portal, mirror: EagerMirror
) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()
        portal.bus.publish(OutboxChanged())
        await stream.patch("waiting")
        mirror.link_up()
        assert (await stream.message())[0] == "patch"


async def test_signing_out_ends_the_stream(visitor: Visitor) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()
        await visitor.post("/sign-out")
        await stream.until("signed-out")
        assert await stream.message() == ("", "")


async def test_an_open_page_that_nobody_uses_does_not_keep_the_session_alive(
    visitor: Visitor, clock: Clock
) -> None:
    assert (await visitor.get("/extensions")).status == 200
    async with streaming(visitor) as stream:
        await stream.settled()
        for _ in range(2):
            clock.ahead += IDLE * 0.6
            await visitor.get("/extensions", headers={"X-Background": "1"})
        await stream.until("signed-out")


async def test_an_expired_session_ends_the_stream(visitor: Visitor, clock: Clock) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()
        clock.ahead = IDLE + timedelta(seconds=1)
        await stream.until("signed-out")


async def test_a_quiet_stream_is_pinged(portal: Portal, prepared: Prepared) -> None:
    app = make_app(replace(portal, live=LiveTimes(ping=0.05)))
    async with (
        TestClient(TestServer(app)) as client,
        streaming(Visitor(client, prepared.token)) as stream,
    ):
        await stream.settled()
        while not (await stream.line()).startswith(": ping"):
            pass


async def test_stopping_the_portal_ends_every_stream_at_once(
    portal: Portal, prepared: Prepared
) -> None:
    client: Client = TestClient(TestServer(make_app(portal)))
    await client.start_server()
    async with streaming(Visitor(client, prepared.token)) as stream:
        await stream.settled()
        async with asyncio.timeout(SECONDS):
            await client.server.close()
        assert await stream.message() == ("", "")
    await client.close()


async def test_a_browser_that_left_is_forgotten(portal: Portal, prepared: Prepared) -> None:
    app = make_app(replace(portal, live=LiveTimes(ping=0.02, gather=0.01)))
    async with TestClient(TestServer(app)) as client:
        async with streaming(Visitor(client, prepared.token)) as stream:
            await stream.settled()
            assert len(app[STREAMS]) == 1
        await eventually(lambda: not app[STREAMS])


@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_the_stream_is_only_read(visitor: Visitor, method: str) -> None:
    headers = {"X-CSRF-Token": visitor.csrf}
    answer = await visitor.client.request(method, "/live", headers=headers, cookies=visitor.cookies)
    assert answer.status == 405


async def test_a_stream_that_begins_while_the_portal_stops_ends_at_once(
    client: Client, visitor: Visitor
) -> None:
    assert client.app
    await close_streams(client.app)
    async with asyncio.timeout(SECONDS), await visitor.get("/live") as answer:
        await answer.read()
