"""Of an agent who is seen at several nodes only the last login stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import EventBus
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.call_centre.one_node import OneNode
from tests.db.mail_rows import running
from tests.eventually import eventually
from tests.fakes.ami_actions import AmiActions
from tests.rig.queue_events import member

EAST, WEST = "PJSIP/1001", "PJSIP/1002"
LEFT = [
    ("QueueRemove", "sales", EAST),
    ("DBDel", "agent/101"),
    ("DBDel", "since/101"),
    ("DBDel", f"device/{EAST}"),
]


class Nodes:
    """Agent 101 is logged in at the east, since 100."""

    def __init__(self, bus: EventBus) -> None:
        names = ("east", "west")
        self.bus = bus
        self.links = {name: AmiActions() for name in names}
        self.board = QueueBoard(names)
        self.is_cut = False
        self.refusals = 0
        for name in names:
            self.board.heard(name, [], [])
        self.board.member_is("east", member("101", "1001"))
        self.board.take_changes()
        self.links["east"].stored["since/101"] = "100"

    def to(self, node: str) -> AmiActions:
        if self.is_cut:
            self.refusals += 1
            raise AsteriskUnavailable("It is cut.")
        return self.links[node]

    def tell(self) -> None:
        if change := self.board.take_changes():
            self.bus.publish(change)

    def joins_west(self, since: str) -> None:
        self.links["west"].stored["since/101"] = since
        self.board.member_is("west", member("101", "1002"))
        self.tell()

    async def settled(self) -> None:
        """Wait until another agent, of whom the same was told later, is settled."""
        for name in self.links:
            self.board.member_is(name, member("199", "1099"))
        self.tell()
        await eventually(lambda: self.links["west"].sent)
        self.links["west"].taken()


@pytest.fixture
async def nodes(bus: EventBus) -> AsyncIterator[Nodes]:
    nodes = Nodes(bus)
    async with running(OneNode(bus, nodes.to, nodes.board, retry_seconds=0.01)):
        yield nodes


async def test_who_logs_in_at_another_node_is_logged_out_at_the_first(nodes: Nodes) -> None:
    nodes.joins_west("101")
    await eventually(lambda: len(nodes.links["east"].sent) == len(LEFT))
    assert nodes.links["east"].taken() == LEFT
    assert nodes.links["west"].sent == []


async def test_what_a_node_has_restored_does_not_count_as_a_login(nodes: Nodes) -> None:
    nodes.joins_west("99")
    await eventually(lambda: nodes.links["west"].sent)
    assert nodes.links["west"].sent[0] == ("QueueRemove", "sales", WEST)
    assert nodes.links["east"].sent == []


async def test_a_login_that_nobody_remembers_is_the_older_one(nodes: Nodes) -> None:
    nodes.joins_west("")
    await eventually(lambda: nodes.links["west"].sent)
    assert nodes.links["east"].sent == []


async def test_who_is_logged_in_at_one_node_stays(nodes: Nodes) -> None:
    nodes.board.member_is("east", member("101", "1001", paused=True))
    nodes.tell()
    await nodes.settled()
    assert nodes.links["east"].sent == []


async def test_a_node_that_is_not_heard_is_told_when_it_is_heard_again(nodes: Nodes) -> None:
    nodes.board.lost("east", "It is gone.")
    nodes.tell()
    nodes.joins_west("101")
    await asyncio.sleep(0)
    assert nodes.links["east"].sent == []
    nodes.board.heard("east", [member("101", "1001")], [])
    nodes.tell()
    await eventually(lambda: nodes.links["east"].sent[: len(LEFT)] == LEFT)


@pytest.mark.parametrize("fault", ["cut", "refused"])
async def test_what_could_not_be_told_is_tried_again_by_itself(nodes: Nodes, fault: str) -> None:
    nodes.is_cut = fault == "cut"
    if fault == "refused":
        nodes.links["east"].refused["QueueRemove"] = "Permission denied"
    nodes.joins_west("101")
    await eventually(lambda: nodes.refusals or nodes.links["east"].sent)
    nodes.is_cut = False
    nodes.links["east"].refused.clear()
    nodes.links["east"].taken()
    await eventually(lambda: nodes.links["east"].sent[: len(LEFT)] == LEFT)
