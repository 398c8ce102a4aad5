"""The Agent cell of an extension: kept by the database, and live beyond it."""

from __future__ import annotations

import re

import pytest

from pbxbridge.events import EndpointsChanged, EventBus
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.rig.queue_events import member
from tests.web.forms import add
from tests.web.test_live import streaming
from tests.web.visitor import Visitor

CHANGED = EndpointsChanged(frozenset({"1001"}))


@pytest.fixture(autouse=True)
async def _extension(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001")


async def cell(visitor: Visitor) -> str:
    """Return the cell of 1001 on the list, without its elements."""
    text = await (await visitor.get("/extensions")).text()
    found = re.search(r'id="agent-1001">(.*?)</td>', text, re.DOTALL)
    assert found
    return found[1].strip()


async def test_nobody_is_there(visitor: Visitor, queue_board: QueueBoard) -> None:
    queue_board.heard(ONLY_NODE, [], [])
    assert await cell(visitor) == "No"


@pytest.mark.parametrize(
    ("agent", "paused", "words"),
    [("101", False, "101 · Ready"), ("101", True, "101 · Paused (Lunch)"), ("", False, "Ready")],
)
async def test_who_is_there_and_what_they_do(
    visitor: Visitor, queue_board: QueueBoard, agent: str, paused: bool, words: str
) -> None:
    there = member(agent, "1001", paused=paused, reason="Lunch" if paused else "")
    queue_board.heard(ONLY_NODE, [there], [])
    assert await cell(visitor) == f'Yes<span class="sub">{words}</span>'
    queue_board.lost(ONLY_NODE, "Gone.")
    assert await cell(visitor) == f'Yes<span class="sub old">{words}</span>'


async def test_while_queues_are_not_heard_the_flag_that_was_kept_is_shown_and_stays(
    visitor: Visitor, queue_board: QueueBoard, bus: EventBus
) -> None:
    await Extension.filter(number="1001").update(agent=True)
    assert await cell(visitor) == "Yes"
    async with streaming(visitor, "/live") as stream:
        await stream.settled()
        bus.publish(CHANGED)
        assert "agent-1001" not in await stream.patch("status-1001")
        queue_board.heard(ONLY_NODE, [], [])
        bus.publish(CHANGED)
        assert (await stream.patch("agent-1001"))["agent-1001"].strip() == "No"
