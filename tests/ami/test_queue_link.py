"""The link that follows the queues, against a server that behaves, and one that does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import structlog

from pbxbridge.events import QueuesChanged
from pbxbridge.mirror.queue_member import AgentState
from tests.ami.queue_rig import LIST, NODE, QUICK, QueueRig, caller, member
from tests.eventually import eventually
from tests.fakes.ami_server import Headers, block, fake_ami, reply

READY = AgentState.READY


@pytest.fixture
async def rig() -> AsyncIterator[QueueRig]:
    async with fake_ami() as server:
        yield QueueRig(server)


async def test_the_list_is_shown_before_the_node_counts_as_heard(rig: QueueRig) -> None:
    rig.pbx.members, rig.pbx.callers = {"1001": "101"}, {"1.1": 40, "1.2": 50}
    async with rig.link():
        assert rig.seen() == {"1001": ("101", READY)}
        assert rig.waiting() == ["1.2", "1.1"], "the longest first"
        (first, _) = rig.board.waiting("sales")
        assert (first.number, first.name) == ("0301234", "Ada")
        (held,) = rig.board.of_agent("101", NODE)
        assert (held.dynamic, held.penalty) == (True, 3)
        await eventually(lambda: rig.told == [QueuesChanged(None, None, None)])


async def test_after_the_login_events_of_queues_are_asked_for_and_no_others(rig: QueueRig) -> None:
    async with rig.link():
        (login,) = rig.server.received("Login")
        (events,) = rig.server.received("Events")
        assert (login["Events"], events["EventMask"]) == ("system,agent", "agent")


async def test_what_happens_is_shown_in_order_and_told(rig: QueueRig) -> None:
    async with rig.link():
        await eventually(lambda: rig.told)
        rig.told.clear()
        rig.server.send(
            member("101", "1001")
            + member("102", "1002", Membership="realtime")
            + member("101", "1001", "QueueMemberStatus", Status="2", InCall="1")
            + member("102", "1002", "QueueMemberPause", Paused="1", PausedReason="Lunch")
            + caller("1.1")
            + caller("1.2")
            + caller("1.1", "QueueCallerLeave")
        )
        await eventually(lambda: rig.waiting() == ["1.2"])
        assert rig.seen() == {
            "1001": ("101", AgentState.ON_CALL),
            "1002": ("102", AgentState.PAUSED),
        }
        (waits,) = rig.board.waiting("sales")
        assert (waits.number, waits.name) == ("0301234", "")
        rig.server.send(
            member("101", "1001", "QueueMemberRemoved") + caller("1.2", "QueueCallerAbandon")
        )
        await eventually(lambda: rig.waiting() == [])
        assert rig.seen().keys() == {"1002"}
        await eventually(lambda: rig.told)
        assert rig.lists() == 1


async def test_many_changes_at_once_are_told_together(rig: QueueRig) -> None:
    async with rig.link(timing=replace(QUICK, gather=0.2)):
        await eventually(lambda: rig.told)
        rig.told.clear()
        for number in range(200):
            rig.server.send(member(str(number), str(1000 + number)))
        await eventually(lambda: len(rig.seen()) == 200)
        await eventually(lambda: rig.told)
        assert len(rig.told) <= 3
        numbers = frozenset[str]().union(*(each.numbers or () for each in rig.told))
        assert len(numbers) == 200


async def test_events_amid_the_list_take_effect_where_they_stand(rig: QueueRig) -> None:
    rig.pbx.members, rig.pbx.callers = {"1001": "101", "1002": "102"}, {"1.1": 5}
    rig.pbx.between = (
        member("101", "1001", "QueueMemberPause", Paused="1")
        + member("102", "1002", "QueueMemberRemoved")
        + caller("1.1", "QueueCallerLeave")
        + caller("1.2")
    )
    async with rig.link():
        assert rig.seen() == {"1001": ("101", AgentState.PAUSED)}
        assert rig.waiting() == ["1.2"]


async def test_what_the_list_of_somebody_else_says_is_none_of_ours(rig: QueueRig) -> None:
    async with rig.link():
        rig.server.send(block(Event="QueueStatusComplete", ActionID="another's") + caller("1.1"))
        await eventually(lambda: rig.waiting() == ["1.1"])
        assert rig.lists() == 1


async def test_the_end_of_somebody_else_s_list_amid_ours_does_not_end_it(rig: QueueRig) -> None:
    rig.pbx.members = {"1001": "101"}
    foreign = block(Event="QueueStatusComplete", ActionID="another's") + caller("1.1")
    rig.server.answers[LIST] = lambda _: foreign
    async with rig.link(up=False):
        await eventually(lambda: rig.waiting() == ["1.1"])
        assert not rig.board.is_heard(NODE)
        (asked,) = rig.server.received(LIST)
        rig.server.send(rig.pbx.answer(asked))
        await rig.until_heard()
        assert rig.seen() == {"1001": ("101", READY)}


async def test_while_the_connection_is_cut_what_was_known_stays_and_is_old(rig: QueueRig) -> None:
    rig.pbx.members, rig.pbx.callers = {"1001": "101"}, {"1.1": 5}
    async with rig.link():
        await rig.server.stop()
        await rig.until_lost("refused")
        assert (rig.seen(), rig.waiting()) == ({"1001": ("101", READY)}, ["1.1"])
        assert not rig.board.members_of("sales")[0].fresh
        rig.pbx.members, rig.pbx.callers = {"1002": "102"}, {}
        await rig.server.listen()
        await rig.until_heard()
        assert (rig.seen(), rig.waiting()) == ({"1002": ("102", READY)}, [])


async def test_a_cut_amid_the_list_leaves_what_was_known(rig: QueueRig) -> None:
    rig.pbx.members = {"1001": "101"}
    async with rig.link() as link:
        listed = rig.server.answers[LIST]

        def half(action: Headers) -> bytes:
            rig.pbx.members = {}
            return listed(action)[:60]  # type: ignore[index]  # this one does answer

        rig.server.answers[LIST] = half
        link.look_again()
        await eventually(lambda: rig.lists() == 2)
        rig.server.cut()
        await rig.until_lost()
        assert rig.seen() == {"1001": ("101", READY)}
        rig.server.answers[LIST] = listed
        await rig.until_heard()
        assert rig.seen() == {}


async def test_a_list_that_does_not_end_is_a_loss(rig: QueueRig) -> None:
    rig.server.answers[LIST] = lambda action: reply(action, EventList="start")
    async with rig.link(up=False):
        await rig.until_lost("did not finish the list")


async def test_an_asterisk_that_hangs_is_found_out(rig: QueueRig) -> None:
    async with rig.link():
        rig.server.hearing.clear()
        await rig.until_lost("did not answer")


async def test_an_asterisk_without_queues_is_asked_now_and_then_and_the_board_says_why(
    rig: QueueRig, logs: list[structlog.typing.EventDict]
) -> None:
    rig.server.answers[LIST] = lambda action: reply(
        action, "Error", Message="Invalid/unknown command: QueueStatus. Use Action: ListCommands"
    )
    async with rig.link(up=False, timing=replace(QUICK, retry_first=0.05, retry_longest=0.1)):
        await rig.until_lost("app_queue is not loaded")
        clock = asyncio.get_running_loop().time
        before, began = rig.lists(), clock()
        await eventually(lambda: rig.lists() >= before + 3)
        assert clock() - began > 0.1, "it does not spin"
        rig.server.answers[LIST] = rig.pbx.answer
        await rig.until_heard()
    assert [each["reason"] for each in logs if each["event"] == "queues.lost"] == [
        "Asterisk has no queues: app_queue is not loaded."
    ]


@pytest.mark.parametrize(
    ("action", "reason"),
    [("Events", "sends no events of queues: Permission denied"), (LIST, "Permission denied")],
)
async def test_without_the_right_to_see_queues_the_board_says_so(
    rig: QueueRig, action: str, reason: str
) -> None:
    rig.server.answers[action] = lambda sent: reply(sent, "Error", Message="Permission denied")
    async with rig.link(up=False):
        await rig.until_lost(reason)
        del rig.server.answers[action]
        rig.server.answers[LIST] = rig.pbx.answer
        await rig.until_heard()


class TestLookingAgain:
    async def test_several_wishes_are_one_list(self, rig: QueueRig) -> None:
        async with rig.link() as link:
            rig.pbx.members = {"1001": "101"}
            for _ in range(20):
                link.look_again()
            await eventually(lambda: "1001" in rig.seen())
            rig.server.send(caller("1.1"))
            await eventually(rig.waiting)
            assert rig.lists() == 2

    async def test_a_wish_before_it_is_up_is_heeded_by_the_first_list(self, rig: QueueRig) -> None:
        await rig.server.stop()
        async with rig.link(up=False) as link:
            await rig.until_lost("refused")
            link.look_again()
            await rig.server.listen()
            await rig.until_heard()
            rig.server.send(caller("1.1"))
            await eventually(rig.waiting)
            assert rig.lists() == 1

    async def test_a_wish_amid_a_list_brings_another_one(self, rig: QueueRig) -> None:
        hold = asyncio.Event()

        async with rig.link() as link:
            rig.server.answers[LIST] = lambda _: hold.set()
            link.look_again()
            await hold.wait()
            (_, asked) = rig.server.received(LIST)
            link.look_again()
            rig.server.answers[LIST] = rig.pbx.answer
            rig.server.send(rig.pbx.answer(asked))
            rig.pbx.members = {"1001": "101"}
            await eventually(lambda: "1001" in rig.seen())

    async def test_lists_go_on_while_events_never_cease(self, rig: QueueRig) -> None:
        async with rig.link() as link:
            rig.pbx.members = {"1001": "101"}
            link.look_again()

            def storm() -> bool:
                rig.server.send(caller("1.1") + caller("1.1", "QueueCallerLeave"))
                return "1001" in rig.seen()

            await eventually(storm)

    async def test_now_and_then_it_looks_without_being_asked(self, rig: QueueRig) -> None:
        async with rig.link(timing=replace(QUICK, list_every=0.02)):
            rig.pbx.members = {"1001": "101"}
            await eventually(lambda: "1001" in rig.seen())


async def test_what_cannot_be_understood_hinders_nothing(rig: QueueRig) -> None:
    async with rig.link():
        rig.server.send(
            block(Event="QueueMemberAdded", Queue="sales")
            + block(Event="QueueCallerJoin")
            + member("101", "1001", Penalty="much", LastCall="-1", Status="")
            + caller("1.1")
        )
        await eventually(lambda: rig.waiting() == ["1.1"])
        assert rig.seen() == {"1001": ("101", READY)}
