"""The time after a call in which a member gets none: it ends by itself, and that is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbxbridge.events import QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_member import AgentState, Member
from tests.db.people import Ticks
from tests.rig.queue_boards import change, states
from tests.rig.queue_events import member

READY, WRAP_UP = AgentState.READY, AgentState.WRAP_UP
ALL = QueuesChanged(None, None, None)
# By how many seconds they leave a member alone.
QUEUES = {"none": 0, "short": 3, "long": 8}


@pytest.fixture
def clock() -> Ticks:
    """Unix time as the test says."""
    return Ticks()


@pytest.fixture
def board(clock: Ticks) -> QueueBoard:
    """A node that is heard; nothing happens in any queue."""
    board = QueueBoard(["a"], clock)
    board.heard("a", [], [])
    board.take_changes()
    return board


def queue_states(board: QueueBoard) -> dict[str, AgentState]:
    """What each queue takes the only member for."""
    return {queue: each.state for queue in QUEUES for each in board.members_of(queue)}


def test_a_wrap_up_ends_by_itself_and_that_is_told_once(board: QueueBoard, clock: Ticks) -> None:
    board.configure({"sales": 10})
    board.take_changes()
    ended = replace(member("101", "1001"), last_call=clock.now)
    board.member_is("a", ended)
    board.member_is("a", member("101", "1001", queue="support"))
    board.take_changes()
    assert states(board) == {"1001": WRAP_UP}
    clock.now += 9
    board.tick()
    assert board.take_changes() is None
    clock.now += 1
    board.tick()
    assert states(board) == {"1001": READY}
    assert board.take_changes() == change("sales support", "1001", "101")
    board.tick()
    assert board.take_changes() is None


def test_of_two_calls_the_later_wrap_up_counts(board: QueueBoard, clock: Ticks) -> None:
    board.configure({"sales": 20, "support": 10})
    for queue in ("sales", "support"):
        called = member("101", "1001", queue=queue)
        board.member_is("a", replace(called, last_call=clock.now))
    clock.now += 10
    board.tick()
    assert states(board) == {"1001": WRAP_UP}
    clock.now += 10
    board.take_changes()
    board.tick()
    assert states(board) == {"1001": READY}
    assert board.take_changes() == change("sales support", "1001", "101")


@pytest.mark.parametrize(("before", "after"), [(0, 30), (5, 30), (60, 30)])
def test_one_that_is_set_while_it_lasts_ends_when_it_says_now(
    board: QueueBoard, clock: Ticks, before: int, after: int
) -> None:
    board.configure({"sales": before})
    board.member_is("a", replace(member("101", "1001"), last_call=clock.now))
    board.configure({"sales": after})
    assert board.take_changes() == ALL
    assert states(board) == {"1001": WRAP_UP}
    clock.now += after
    board.tick()
    assert states(board) == {"1001": READY}
    assert board.take_changes() == change("sales", "1001", "101")
    clock.now += 60
    board.tick()
    assert board.take_changes() is None


def test_one_that_is_listed_ends_as_well(board: QueueBoard, clock: Ticks) -> None:
    board.configure({"sales": 10})
    board.heard("a", [replace(member("101", "1001"), last_call=clock.now)], [])
    board.take_changes()
    clock.now += 10
    board.tick()
    assert board.take_changes() == change("sales", "1001", "101")


def test_of_who_has_logged_out_meanwhile_nothing_is_told(board: QueueBoard, clock: Ticks) -> None:
    board.configure({"sales": 10})
    board.member_is("a", replace(member("101", "1001"), last_call=clock.now))
    board.member_gone("a", "sales", "PJSIP/1001")
    board.take_changes()
    clock.now += 10
    board.tick()
    assert board.take_changes() is None


def test_the_same_settings_are_no_news(board: QueueBoard) -> None:
    board.configure({"sales": 10})
    board.take_changes()
    board.configure({"sales": 10})
    assert board.take_changes() is None


def called(queue: str, ended_in: str | None, clock: Ticks) -> Member:
    """As Asterisk tells of the agent: the end of a call in its own queue only."""
    at = clock.now if ended_in in (queue, None) else 0
    return replace(member("101", "1001", queue=queue), last_call=at)


# In seconds until the queues give a call again, as measured on a real Asterisk 22.10.
@pytest.mark.parametrize(
    ("ended_in", "waits"),
    [
        ("none", {"none": 0, "short": 3, "long": 8}),
        ("short", {"none": 3, "short": 3, "long": 8}),
        ("long", {"none": 8, "short": 8, "long": 8}),
        (None, {"none": 0, "short": 3, "long": 8}),  # listed; its end was not seen
    ],
)
def test_the_longer_of_the_queues_own_and_the_last_calls_counts(
    board: QueueBoard, clock: Ticks, ended_in: str | None, waits: dict[str, int]
) -> None:
    board.configure(QUEUES)
    for queue in QUEUES:
        board.member_is("a", called(queue, ended_in, clock))
    if ended_in:
        board.call_ended("a", ended_in, "PJSIP/1001")
        other = next(queue for queue in QUEUES if queue != ended_in)
        board.member_is("a", called(other, ended_in, clock))  # an old event that comes late
    for second in range(10):
        board.tick()
        wanted = {queue: WRAP_UP if second < wait else READY for queue, wait in waits.items()}
        assert queue_states(board) == wanted
        told = board.take_changes()
        assert (told is not None) is (second == 0 or second in waits.values())
        clock.now += 1


def test_a_list_keeps_what_is_known_of_the_last_call_but_a_lost_link_does_not(
    board: QueueBoard, clock: Ticks
) -> None:
    board.configure(QUEUES)
    listed = [called(queue, None, clock) for queue in QUEUES]
    for each in listed:
        board.member_is("a", each)
    board.call_ended("a", "long", "PJSIP/1001")
    board.heard("a", listed, [])
    assert queue_states(board)["none"] is WRAP_UP
    board.lost("a", "It is gone.")
    board.heard("a", listed, [])
    assert queue_states(board) == {"none": READY, "short": WRAP_UP, "long": WRAP_UP}


@pytest.mark.parametrize("is_gone_first", [True, False])
def test_who_logs_in_where_somebody_had_a_call_has_no_wrap_up(
    board: QueueBoard, clock: Ticks, is_gone_first: bool
) -> None:
    board.configure(QUEUES)
    board.member_is("a", called("long", "long", clock))
    if is_gone_first:
        board.member_gone("a", "long", "PJSIP/1001")
    board.call_ended("a", "long", "PJSIP/1001")
    if not is_gone_first:
        board.member_gone("a", "long", "PJSIP/1001")
    board.member_is("a", member("102", "1001", queue="long"))
    assert queue_states(board) == {"long": READY}


def test_who_left_the_queue_of_the_call_meanwhile_wraps_up_in_the_others(
    board: QueueBoard, clock: Ticks
) -> None:
    board.configure(QUEUES)
    board.member_is("a", called("none", "long", clock))
    board.call_ended("a", "long", "PJSIP/1001")
    assert queue_states(board) == {"none": WRAP_UP}
