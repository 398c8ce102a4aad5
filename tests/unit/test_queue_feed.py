"""What one node tells of its queues: lists, and events amid them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_feed import QueueFeed
from pbxbridge.mirror.queue_member import AgentState, Member
from tests.db.people import Ticks
from tests.rig.queue_boards import states
from tests.rig.queue_events import FREE, IN_USE, member

READY = AgentState.READY


@pytest.fixture
def clock() -> Ticks:
    """Unix time as the test says."""
    return Ticks()


@pytest.fixture
def board(clock: Ticks) -> QueueBoard:
    """Two nodes, both heard; nothing happens in any queue."""
    board = QueueBoard(["a", "b"], clock)
    for node in board.nodes:
        board.heard(node, [], [])
    return board


@pytest.fixture
def feed(board: QueueBoard, clock: Ticks) -> QueueFeed:
    return QueueFeed("a", board, clock)


def test_who_is_listed_waits_since_then(board: QueueBoard, feed: QueueFeed, clock: Ticks) -> None:
    feed.list_begins()
    feed.caller_listed("sales", "1.1", "0301234", "Ada", 30)
    assert board.waiting("sales") == []
    feed.list_ends()
    assert [each.since for each in board.waiting("sales")] == [clock.now - 30]


def test_events_amid_a_list_show_at_once_and_outlive_it(board: QueueBoard, feed: QueueFeed) -> None:
    feed.member_is(member("102", "1002"))
    feed.list_begins()
    feed.member_listed(member("102", "1002"))
    feed.caller_listed("sales", "1.1", "1", "", 5)
    feed.member_is(member("101", "1001"))
    feed.member_gone("sales", "PJSIP/1002")
    feed.caller_joined("sales", "1.2", "2", "")
    feed.caller_left("sales", "1.1")
    assert states(board) == {"1001": READY}
    feed.list_ends()
    assert states(board) == {"1001": READY}
    assert [each.id for each in board.waiting("sales")] == ["1.2"]


def test_a_list_that_is_cut_off_changes_nothing(board: QueueBoard, feed: QueueFeed) -> None:
    feed.member_is(member("101", "1001"))
    feed.list_begins()
    feed.member_listed(member("102", "1002"))
    feed.lost("Gone.")
    assert states(board) == {"1001": READY}
    feed.list_begins()
    feed.list_ends()
    assert states(board) == {}


def test_the_other_node_keeps_what_it_said(board: QueueBoard, feed: QueueFeed) -> None:
    QueueFeed("b", board).member_is(member("102", "1002"))
    feed.list_begins()
    feed.list_ends()
    assert states(board) == {"1002": READY}


def shown(board: QueueBoard) -> object:
    """Return all that a board of one node shows."""
    queues = ("sales", "support")
    return (
        [sorted(board.members_of(queue), key=repr) for queue in queues],
        [board.waiting(queue) for queue in queues],
        {number: board.at(number) for number in board.numbers()},
        [board.agent(agent) for agent in ("101", "102")],
    )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["101", "102", ""]),
        st.sampled_from(["1001", "1002"]),
        st.sampled_from(["sales", "support"]),
        st.sampled_from(["free", "in use", "paused", "gone", "joins", "leaves"]),
    ),
    max_size=12,
)


def take(feed: QueueFeed, step: tuple[str, str, str, str]) -> None:
    agent, number, queue, what = step
    said = member(agent, number, queue=queue, paused=what == "paused")
    match what:
        case "gone":
            feed.member_gone(queue, said.interface)
        case "joins":
            feed.caller_joined(queue, number, "1", "")
        case "leaves":
            feed.caller_left(queue, number)
        case _:
            feed.member_is(replace(said, status=IN_USE if what == "in use" else FREE))


@given(before=STEPS, known=st.integers(0, 12), amid=STEPS, after=STEPS)
def test_a_list_between_events_that_it_knows_already_changes_nothing(
    before: list[tuple[str, str, str, str]],
    known: int,
    amid: list[tuple[str, str, str, str]],
    after: list[tuple[str, str, str, str]],
) -> None:
    """Whichever of the events amid it the list is newer than, the end is the same."""
    clock = Ticks()
    plain, listed, truth = (QueueBoard(["a"], clock) for _ in range(3))
    plain.heard("a", [], [])
    for step in [*before, *amid, *after]:
        take(QueueFeed("a", plain, clock), step)
    for step in [*before, *amid[:known]]:
        take(QueueFeed("a", truth, clock), step)
    feed = QueueFeed("a", listed, clock)
    for step in before:
        take(feed, step)
    feed.list_begins()
    for step in amid:
        take(feed, step)
    members: list[Member] = [
        each for number in ("1001", "1002") for each in truth.at_device(f"PJSIP/{number}", "a")
    ]
    for each in members:
        feed.member_listed(each)
    for queue in ("sales", "support"):
        for waiting in truth.waiting(queue):
            feed.caller_listed(queue, waiting.id, waiting.number, waiting.name, 0)
    feed.list_ends()
    for step in after:
        take(feed, step)
    assert shown(listed) == shown(plain)
