"""What an Asterisk is told of changed queues and agents, over a link that only remembers it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.call_centre import Agent, QueueAgent
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.services.call_centre.telling import QueueTelling
from tests.fakes.ami_actions import AmiActions
from tests.rig.call_centre import queue_row
from tests.rig.queue_events import member

NODE = "asterisk"
HERE, THERE = "PJSIP/1001", "PJSIP/1002"
FORGOTTEN = [("DBDel", "agent/101"), ("DBDel", "since/101"), ("DBDel", f"device/{HERE}")]


class Telling:
    """A node where 101 is an agent of sales and support, and what it is told."""

    def __init__(self) -> None:
        self.link = AmiActions()
        self.board = QueueBoard([NODE])
        self.board.heard(NODE, [], [])
        self.looks = 0
        self._telling = QueueTelling(self.board, self._look_again)

    def _look_again(self) -> None:
        self.looks += 1

    async def tell(self, kind: NoticeKind, subject: str) -> list[tuple[str, ...]]:
        """Deliver one notice; return what was sent."""
        await self._telling.tell(NODE, self.link, kind, subject)
        return self.link.taken()

    async def place(self, agent: str = "101") -> list[tuple[str, ...]]:
        return await self.tell(NoticeKind.PLACE_AGENT, agent)


@pytest.fixture
async def telling(database: str) -> Telling:
    for name, number, penalty in (("sales", "600", 0), ("support", "601", 5)):
        await queue_row(name, number)
        if penalty == 0:
            await Agent.create(number="101", first_name="A", last_name="B", pin_hash="")
        await QueueAgent.create(queue_id=name, agent_id="101", penalty=penalty)
    return Telling()


class TestRereadingAQueue:
    async def test_one_that_is_there_is_asked_for_by_name(self, telling: Telling) -> None:
        telling.link.listed["QueueStatus"] = [{"Event": "QueueParams", "Queue": "sales"}]
        sent = await telling.tell(NoticeKind.REREAD_QUEUE, "sales")
        assert sent == [("QueueStatus", "sales")]
        assert telling.looks == 1

    async def test_of_one_that_is_gone_nothing_is_kept(self, telling: Telling) -> None:
        telling.link.refused["DBDel"] = "Database entry could not be deleted"
        sent = await telling.tell(NoticeKind.REREAD_QUEUE, "sales")
        assert sent == [("QueueStatus", "sales"), ("DBDel", "sales")]

    async def test_an_asterisk_without_queues_has_nothing_to_reread(self, telling: Telling) -> None:
        telling.link.refused["QueueStatus"] = "Invalid/unknown command: QueueStatus"
        await telling.tell(NoticeKind.REREAD_QUEUE, "sales")


class TestPlacingAnAgent:
    async def test_who_is_not_logged_in_stays_so(self, telling: Telling) -> None:
        telling.link.stored["agent/101"] = HERE
        assert await telling.place() == []
        assert telling.looks == 1

    async def test_who_is_logged_in_is_in_the_queues_of_the_table(self, telling: Telling) -> None:
        telling.board.member_is(NODE, member("101", "1001"))
        telling.board.member_is(NODE, member("101", "1001", queue="old"))
        telling.board.member_is(NODE, member("102", "1002", queue="old"))
        assert await telling.place() == [
            ("QueueRemove", "old", HERE),
            ("QueueAdd", "support", HERE, "Agent/101", "5"),
        ]

    async def test_a_changed_penalty_is_told(self, telling: Telling) -> None:
        telling.board.member_is(NODE, replace(member("101", "1001"), penalty=9))
        telling.board.member_is(NODE, replace(member("101", "1001", queue="support"), penalty=5))
        assert await telling.place() == [("QueuePenalty", "sales", HERE, "0")]

    async def test_who_is_at_two_phones_stays_where_they_logged_in_last(
        self, telling: Telling
    ) -> None:
        telling.board.member_is(NODE, member("101", "1001"))
        telling.board.member_is(NODE, member("101", "1002", queue="support"))
        telling.link.stored["agent/101"] = THERE
        assert await telling.place() == [
            ("QueueRemove", "sales", HERE),
            ("QueueAdd", "sales", THERE, "Agent/101", "0"),
            ("QueuePenalty", "support", THERE, "5"),
        ]

    async def test_who_is_gone_leaves_all_queues_and_is_forgotten(self, telling: Telling) -> None:
        telling.board.member_is(NODE, member("101", "1001"))
        await Agent.filter(number="101").delete()
        assert await telling.place() == [
            ("QueueRemove", "sales", HERE),
            ("DBDel", "agent/101"),
            ("DBDel", "since/101"),
            ("DBDel", f"device/{HERE}"),
        ]

    async def test_who_is_gone_and_in_no_queue_is_forgotten_by_what_is_remembered(
        self, telling: Telling
    ) -> None:
        await Agent.filter(number="101").delete()
        telling.link.stored["agent/101"] = HERE
        assert await telling.place() == FORGOTTEN

    @pytest.mark.parametrize(
        ("action", "message"),
        [
            ("QueueAdd", "Unable to add interface: Already there"),
            ("QueueRemove", "Unable to remove interface: Not there"),
            ("QueueRemove", "Unable to remove interface from queue: No such queue"),
            ("QueueRemove", "Member not dynamic"),
        ],
    )
    async def test_what_is_so_already_is_delivered(
        self, telling: Telling, action: str, message: str
    ) -> None:
        telling.board.member_is(NODE, member("101", "1001", queue="old"))
        telling.link.refused[action] = message
        assert len(await telling.place()) == 3

    async def test_what_asterisk_refuses_is_told_again_later(self, telling: Telling) -> None:
        telling.board.member_is(NODE, member("101", "1001"))
        telling.link.refused["QueueAdd"] = "Permission denied"
        with pytest.raises(AsteriskUnavailable, match="answered QueueAdd: Permission denied"):
            await telling.place()
        assert telling.looks == 0

    async def test_while_its_queues_are_not_heard_nobody_is_placed(self, telling: Telling) -> None:
        telling.board.member_is(NODE, member("101", "1001"))
        telling.board.lost(NODE, "Gone.")
        for kind, subject in (
            (NoticeKind.PLACE_AGENT, "101"),
            (NoticeKind.LEAVE_QUEUES, HERE),
        ):
            with pytest.raises(AsteriskUnavailable, match="Gone"):
                await telling.tell(kind, subject)
        assert telling.link.taken() == []


class TestLeavingAllQueues:
    async def test_who_is_logged_in_at_a_phone_that_is_gone_is_logged_out(
        self, telling: Telling
    ) -> None:
        telling.board.member_is(NODE, member("101", "1001"))
        telling.board.member_is(NODE, member("101", "1001", queue="support"))
        telling.board.member_is(NODE, member("102", "1002"))
        assert await telling.tell(NoticeKind.LEAVE_QUEUES, HERE) == [
            ("QueueRemove", "sales", HERE),
            ("QueueRemove", "support", HERE),
            ("DBDel", "agent/101"),
            ("DBDel", "since/101"),
            ("DBDel", f"device/{HERE}"),
        ]

    async def test_whom_others_have_logged_in_there_by_another_device_leaves_too(
        self, telling: Telling
    ) -> None:
        other = replace(member("", "1001"), interface="Local/1001@theirs", watched=HERE)
        telling.board.member_is(NODE, replace(other, dynamic=True))
        assert await telling.tell(NoticeKind.LEAVE_QUEUES, HERE) == [
            ("QueueRemove", "sales", "Local/1001@theirs"),
            ("DBDel", f"device/{HERE}"),
        ]

    async def test_a_static_member_leaves_by_its_row(self, telling: Telling) -> None:
        telling.board.member_is(NODE, member("", "1001"))
        assert await telling.tell(NoticeKind.LEAVE_QUEUES, HERE) == [("DBDel", f"device/{HERE}")]

    async def test_of_an_agent_who_is_in_no_queue_asterisk_itself_knows(
        self, telling: Telling
    ) -> None:
        telling.link.stored[f"device/{HERE}"] = "101"
        telling.link.refused["DBDel"] = "Database entry could not be deleted"
        assert await telling.tell(NoticeKind.LEAVE_QUEUES, HERE) == [
            ("DBDel", "agent/101"),
            ("DBDel", "since/101"),
            ("DBDel", f"device/{HERE}"),
        ]
