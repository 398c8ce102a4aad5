"""The wallboard: who may see it, what it shows, and how that follows."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator

import pytest

from pbxbridge.events import CallCentreSaved, EventBus, QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.call_centre import Agent, CallQueue, QueueAgent
from pbxbridge.models.people import User
from pbxbridge.settings import ONLY_NODE
from tests.db.mail_rows import running
from tests.rig.call_centre import queue_row
from tests.rig.queue_events import IN_USE, caller, member
from tests.rig.queue_log import logged
from tests.web.test_live import Stream, streaming
from tests.web.visitor import Visitor
from web.app import Portal

# What stands for a figure that there is not.
NONE = "\N{EN DASH}"


@pytest.fixture(autouse=True)
async def _queues(database: str) -> None:
    """Two queues; Ada and Grace take calls of one of them."""
    await queue_row("sales", "600")
    await queue_row("support", "601")
    for number, first, last in (("101", "Ada", "Lovelace"), ("102", "Grace", "Hopper")):
        await Agent.create(number=number, first_name=first, last_name=last, pin_hash="")
        await QueueAgent.create(queue_id="sales", agent_id=number, penalty=0)


@pytest.fixture
async def followed(portal: Portal) -> AsyncIterator[Portal]:
    """The portal with a wallboard that hears of changes, as in the bridge."""
    async with running(portal.wallboard):
        yield portal


def tell(bus: EventBus, board: QueueBoard) -> None:
    """Publish what changed, as the links do."""
    if change := board.take_changes():
        bus.publish(change)


async def settled(stream: Stream, *ids: str) -> dict[str, str]:
    """Read what a wallboard's stream begins with; return it."""
    assert (await stream.message())[0] == "hello"
    first: dict[str, str] = json.loads(await stream.until("patch"))
    assert first.keys() == {"link", "waiting", "unheard", *ids}
    await stream.until("list")
    return first


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


async def associate(login: str, agent: str) -> None:
    user = await User.get(login=login)
    await Agent.filter(number=agent).update(user_id=user.id)


async def test_it_shows_each_queue_as_it_is_now(visitor: Visitor, queue_board: QueueBoard) -> None:
    now = time.time()
    queue_board.heard(
        ONLY_NODE,
        [member("101", "1001", status=IN_USE), member("", "1005", queue="support")],
        [caller("1.1", now - 65), caller("1.2", now - 3)],
    )
    text = await (await visitor.get("/wallboard")).text()
    page = words(text)
    assert "sales 600 Waiting 2 Longest wait over 0:20 1:05" in page
    assert "0 Ready 1 On call 0 Paused 1 Logged out Answered 0 Abandoned 0" in page
    assert f"Within 20 s {NONE}" in page
    assert f"support 601 Waiting 0 Longest wait over 0:20 {NONE} 1 Ready 0 On call" in page
    assert text.count("tile late") == 1


async def test_of_one_queue_it_shows_who_takes_calls(
    visitor: Visitor, queue_board: QueueBoard
) -> None:
    queue_board.heard(
        ONLY_NODE, [member("101", "1001", paused=True, reason="Lunch"), member("", "1005")], []
    )
    page = words(await (await visitor.get("/wallboard/sales")).text())
    members = page[page.index("Agents", page.index("Within 20 s")) :]
    assert "1005 extension Ready" in members
    assert "Ada Lovelace 101 at 1001 Paused Lunch" in members
    assert "Grace Hopper 102 Logged out" in members
    assert (await visitor.get("/wallboard/nowhere")).status == 404


async def test_todays_figures_are_those_of_the_log(visitor: Visitor, portal: Portal) -> None:
    for waited in ("5", "19", "60"):
        await logged("CONNECT", waited, agent="Agent/101")
    await logged("ABANDON", "1", "1", "9")
    await portal.wallboard.totals.read()
    page = words(await (await visitor.get("/wallboard/sales")).text())
    assert "Answered 3 Abandoned 1 Within 20 s 50 %" in page


async def test_a_share_is_not_less_than_it_is(visitor: Visitor, portal: Portal) -> None:
    for number in range(100):  # 29 of 100 is 28.999... as a float, a hundred times
        await logged("CONNECT", "5" if number < 29 else "60", agent="Agent/101")
    await portal.wallboard.totals.read()
    assert "Within 20 s 29 %" in words(await (await visitor.get("/wallboard/sales")).text())


async def test_it_says_that_figures_are_old(visitor: Visitor, queue_board: QueueBoard) -> None:
    queue_board.heard(ONLY_NODE, [], [])
    assert "is not heard" not in await (await visitor.get("/wallboard")).text()
    queue_board.lost(ONLY_NODE, "Asterisk stopped.")
    assert "Asterisk is not heard since" in words(await (await visitor.get("/wallboard")).text())


async def test_a_hostile_name_is_text(visitor: Visitor, queue_board: QueueBoard) -> None:
    await Agent.filter(number="101").update(first_name="<b>")
    queue_board.heard(ONLY_NODE, [member("101", "1001", paused=True, reason="<i>")], [])
    page = await (await visitor.get("/wallboard/sales")).text()
    assert "&lt;b&gt; Lovelace" in page
    assert "&lt;i&gt;" in page


@pytest.mark.parametrize("path", ["/wallboard", "/wallboard/sales"])
async def test_of_users_only_agents_may_see_it(person: Visitor, path: str) -> None:
    assert (await person.get(path)).status == 403
    assert 'href="/wallboard"' not in await (await person.get("/me")).text()
    await associate("user", "101")
    page = await (await person.get(path)).text()
    assert 'href="/wallboard"' in page
    assert "/agents/101/desk" not in page
    assert 'href="/queue-calls"' not in page


async def test_who_only_reads_sees_it(operator: Visitor) -> None:
    assert (await operator.get("/wallboard")).status == 200


async def test_only_a_session_that_can_change_nothing_is_kept_alive(
    visitor: Visitor, operator: Visitor
) -> None:
    assert "data-stays" not in await (await visitor.get("/wallboard")).text()
    assert "data-stays" in await (await operator.get("/wallboard")).text()


async def test_every_tile_follows(
    visitor: Visitor, followed: Portal, bus: EventBus, queue_board: QueueBoard
) -> None:
    async with streaming(visitor, "/live?queues=*") as stream:
        first = await settled(stream, "queue-sales", "queue-support")
        assert words(first["queue-sales"]).startswith("Waiting 0")
        queue_board.caller_joined(ONLY_NODE, caller("1.1", 1000.5))
        tell(bus, queue_board)
        patch = await stream.patch("queue-sales")
        assert patch.keys() == {"queue-sales"}
        assert words(patch["queue-sales"]).startswith("Waiting 1")
        assert 'data-since="1000.5"' in patch["queue-sales"]
        queue_board.caller_left(ONLY_NODE, "sales", "1.1")
        tell(bus, queue_board)
        assert words((await stream.patch("queue-sales"))["queue-sales"]).startswith("Waiting 0")


async def test_the_page_of_one_queue_hears_of_that_one_and_its_members(
    visitor: Visitor, followed: Portal, bus: EventBus, queue_board: QueueBoard
) -> None:
    async with streaming(visitor, "/live?queues=sales") as stream:
        await settled(stream, "queue-sales", "members-sales")
        queue_board.caller_joined(ONLY_NODE, caller("1.1", 1000, queue="support"))
        tell(bus, queue_board)
        queue_board.member_is(ONLY_NODE, member("101", "1001"))
        tell(bus, queue_board)
        patch = await stream.patch("members-sales")
        assert patch.keys() == {"queue-sales", "members-sales"}
        assert "Ada Lovelace 101 at 1001 Ready" in words(patch["members-sales"])
        assert "/agents/101/desk" in patch["members-sales"]


async def test_a_lost_node_is_told_at_once(
    visitor: Visitor, followed: Portal, bus: EventBus, queue_board: QueueBoard
) -> None:
    queue_board.heard(ONLY_NODE, [], [])
    async with streaming(visitor, "/live?queues=*") as stream:
        assert (
            "is not heard" not in (await settled(stream, "queue-sales", "queue-support"))["unheard"]
        )
        queue_board.lost(ONLY_NODE, "Asterisk stopped.")
        tell(bus, queue_board)
        assert "is not heard" in (await stream.patch("unheard"))["unheard"]


async def test_a_queue_that_comes_has_the_page_read_again(
    visitor: Visitor, followed: Portal, bus: EventBus
) -> None:
    async with streaming(visitor, "/live?queues=*") as stream:
        await settled(stream, "queue-sales", "queue-support")
        await queue_row("new", "602")
        bus.publish(CallCentreSaved())
        await stream.until("list")
        assert 'id="queue-new"' in await (await visitor.get("/wallboard")).text()
        bus.publish(QueuesChanged(None, None, None))
        assert "queue-new" in await stream.patch("queue-sales")


async def test_other_pages_hear_nothing_of_queues(
    visitor: Visitor, followed: Portal, bus: EventBus, queue_board: QueueBoard
) -> None:
    async with streaming(visitor, "/live") as stream:
        await stream.settled()
        queue_board.caller_joined(ONLY_NODE, caller("1.1", 1000))
        tell(bus, queue_board)
        queue_board.member_is(ONLY_NODE, member("101", "1001"))
        tell(bus, queue_board)
        patch = await stream.patch("agent-state-101")
        assert not any(id_.startswith(("queue-", "members-")) for id_ in patch)
        assert patch["desk-state-101"] == patch["agent-state-101"]
        assert "agent-1001" in patch


async def test_who_may_not_watch_hears_nothing_of_queues(
    person: Visitor, followed: Portal, bus: EventBus, queue_board: QueueBoard
) -> None:
    async with streaming(person, "/live?queues=*") as stream:
        assert (await stream.message())[0] == "hello"
        assert json.loads(await stream.until("patch")).keys() == {"link"}
        queue_board.caller_joined(ONLY_NODE, caller("1.1", 1000))
        tell(bus, queue_board)
        queue_board.lost(ONLY_NODE, "Asterisk stopped.")
        tell(bus, queue_board)
        assert (await stream.until("states")) == "states"


async def test_who_is_no_agent_any_more_is_told_nothing_more(
    person: Visitor, followed: Portal
) -> None:
    await associate("user", "101")
    async with streaming(person, "/live?queues=*") as stream:
        assert (await stream.message())[0] == "hello"
        assert "queue-sales" in json.loads(await stream.until("patch"))
        await Agent.filter(number="101").update(user_id=None)
        while (await stream.message())[0]:
            pass


async def test_what_is_shown_is_never_older_than_what_was_told(
    followed: Portal, bus: EventBus, queue_board: QueueBoard
) -> None:
    board = followed.wallboard
    (view,) = await board.queues(["sales"])
    assert (await board.queues(["sales"])) == [view], "made once"
    queue_board.caller_joined(ONLY_NODE, caller("1.1", 1000))
    with bus.subscribe() as told:
        tell(bus, queue_board)
        await told.get()
        await asyncio.sleep(0)  # a turn of the loop later, as the streams
    (after,) = await board.queues(["sales"])
    assert after.waiting == 1
    await CallQueue.filter(name="sales").update(service_level=45)
    with bus.subscribe() as told:
        bus.publish(CallCentreSaved())
        await told.get()
        await asyncio.sleep(0)  # a turn of the loop later, as the streams
    (renamed,) = await board.queues(["sales"])
    assert renamed.facts.service_level == 45
