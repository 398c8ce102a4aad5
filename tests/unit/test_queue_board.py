"""What happens in the queues of all nodes, and which of it is news."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.events import QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_feed import QueueFeed
from pbxbridge.mirror.queue_member import AgentState, Member
from tests.rig.queue_events import IN_USE, RINGING, caller, member

READY, WRAP_UP, PAUSED = AgentState.READY, AgentState.WRAP_UP, AgentState.PAUSED
ALL = QueuesChanged(None, None, None)


class Clock:
    """Unix time as the test says."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def change(queues: str = "", numbers: str = "", agents: str = "") -> QueuesChanged:
    """Return an event; each argument has names between blanks."""
    return QueuesChanged(*(frozenset(each.split()) for each in (queues, numbers, agents)))


def states(board: QueueBoard, queue: str = "sales") -> dict[str, AgentState]:
    """Return what each member of a queue does, by extension."""
    return {each.number: each.state for each in board.members_of(queue)}


def shown(board: QueueBoard) -> object:
    """Return all that a board of one node shows."""
    queues = ("sales", "support")
    return (
        [sorted(board.members_of(queue), key=repr) for queue in queues],
        [board.waiting(queue) for queue in queues],
        {number: board.at(number) for number in board.numbers()},
        [board.agent(agent) for agent in ("101", "102")],
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> QueueBoard:
    """Two nodes, both heard; nothing happens in any queue."""
    board = QueueBoard(["a", "b"], clock)
    for node in board.nodes:
        board.heard(node, [], [])
    board.take_changes()
    return board


class TestWhatIsShown:
    def test_nobody_is_there_before_a_node_was_heard(self) -> None:
        board = QueueBoard(["a"])
        assert (board.members_of("sales"), board.waiting("sales")) == ([], [])
        assert (board.at("1001"), board.agent("101"), board.numbers()) == (None, None, set())
        assert board.unheard["a"].reason == "Not connected to Asterisk yet."
        assert board.take_changes() is None

    def test_an_agent_is_found_by_number_by_phone_and_by_queue(self, board: QueueBoard) -> None:
        board.member_is("b", member("101", "1001", queue="support"))
        board.member_is("b", member("101", "1001"))
        found = board.agent("101")
        assert found
        assert (found.number, found.node, found.queues) == ("1001", "b", ("sales", "support"))
        assert (found.state, found.fresh) == (READY, True)
        assert board.at("1001") == found
        assert board.members_of("sales") == [found]
        assert board.numbers() == {"1001"}
        assert [each.queue for each in board.of_agent("101", "b")] == ["support", "sales"]
        assert board.of_agent("101", "a") == board.at_device("PJSIP/1001", "a") == []

    def test_a_phone_that_is_a_static_member_and_an_agents_is_both(self, board: QueueBoard) -> None:
        board.member_is("a", member("", "1001", queue="support"))
        board.member_is("a", member("101", "1001"))
        assert [each.queue for each in board.of_agent("101", "a")] == ["sales"]
        assert len(board.at_device("PJSIP/1001", "a")) == 2
        board.member_gone("a", "sales", "PJSIP/1001")
        at = board.at("1001")
        assert at
        assert (at.agent, at.queues) == ("", ("support",))
        assert board.agent("101") is None

    def test_who_is_in_no_queue_any_more_is_nowhere(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001"))
        board.member_gone("a", "sales", "PJSIP/1001")
        assert (board.at("1001"), board.agent("101"), board.numbers()) == (None, None, set())
        assert board.members_of("sales") == []

    def test_a_queue_shows_its_own_pause_and_the_phone_that_of_all(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001", paused=True, reason="Lunch"))
        board.member_is("a", member("101", "1001", queue="support"))
        assert states(board) == {"1001": PAUSED}
        assert board.members_of("sales")[0].reason == "Lunch"
        assert states(board, "support") == {"1001": READY}
        at = board.at("1001")
        assert at
        assert at.state is READY

    def test_who_talks_in_one_queue_talks_in_all(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001", status=IN_USE))
        board.member_is("a", member("101", "1001", queue="support"))
        assert states(board, "support") == {"1001": AgentState.ON_CALL}

    def test_callers_of_all_nodes_wait_the_longest_first(self, board: QueueBoard) -> None:
        board.caller_joined("a", caller("1.2", 30))
        board.caller_joined("b", caller("1.1", 10))
        board.caller_joined("a", caller("1.3", 20))
        board.caller_joined("a", caller("1.4", 5, queue="support"))
        assert [each.since for each in board.waiting("sales")] == [10, 20, 30]
        board.caller_left("a", "sales", "1.2")
        board.caller_left("a", "sales", "1.2")
        assert [each.id for each in board.waiting("sales")] == ["1.1", "1.3"]

    def test_the_same_call_on_two_nodes_is_two_callers(self, board: QueueBoard) -> None:
        board.caller_joined("a", caller("1.1", 10))
        board.caller_joined("b", caller("1.1", 20))
        board.caller_left("b", "sales", "1.1")
        assert [each.since for each in board.waiting("sales")] == [10]


class TestWhatIsTold:
    def test_what_changed_is_told_once(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001"))
        assert board.take_changes() == change("sales", "1001", "101")
        board.member_is("a", member("101", "1001"))
        assert board.take_changes() is None
        board.caller_joined("a", caller("1.1", 1))
        assert board.take_changes() == change("sales")
        board.caller_left("a", "sales", "1.1")
        assert board.take_changes() == change("sales")
        board.caller_left("a", "sales", "1.1")
        board.member_gone("a", "support", "PJSIP/1001")
        assert board.take_changes() is None

    def test_what_a_phone_does_is_told_of_all_its_queues(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001"))
        board.member_is("a", member("101", "1001", queue="support"))
        board.take_changes()
        board.member_is("a", member("101", "1001", status=RINGING))
        assert board.take_changes() == change("sales support", "1001", "101")
        board.member_gone("a", "sales", "PJSIP/1001")
        assert board.take_changes() == change("sales support", "1001", "101")

    def test_another_agent_at_the_same_phone_is_told_of_both(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001"))
        board.take_changes()
        board.member_is("a", member("102", "1001"))
        assert board.take_changes() == change("sales", "1001", "101 102")
        assert (board.agent("101"), board.at("1001")) == (None, board.agent("102"))

    def test_a_list_that_says_what_is_known_is_no_news(self, board: QueueBoard) -> None:
        board.heard("a", [member("101", "1001")], [caller("1.1", 1)])
        assert board.take_changes() == ALL
        board.heard("a", [member("101", "1001")], [caller("1.1", 2)])
        assert board.take_changes() is None
        assert [each.since for each in board.waiting("sales")] == [1], "seen coming is better"
        board.heard("a", [], [caller("1.1", 2)])
        assert board.take_changes() == ALL
        assert board.numbers() == set()


class TestNodes:
    def test_what_was_known_of_a_lost_node_stays_and_is_old(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001"))
        board.member_is("b", member("102", "1002"))
        board.caller_joined("a", caller("1.1", 1))
        board.take_changes()
        board.lost("a", "Gone.")
        assert board.take_changes() == ALL
        assert {each.number: each.fresh for each in board.members_of("sales")} == {
            "1001": False,
            "1002": True,
        }
        assert len(board.waiting("sales")) == 1
        assert (board.is_heard("a"), board.is_heard("b")) == (False, True)
        assert {node: link.reason for node, link in board.unheard.items()} == {"a": "Gone."}

    def test_since_when_it_is_lost_stays_whatever_the_reason(self, board: QueueBoard) -> None:
        board.lost("a", "Gone.")
        since = board.unheard["a"].since
        board.take_changes()
        board.lost("a", "Gone.")
        assert board.take_changes() is None
        board.lost("a", "Refused.")
        assert board.take_changes() == ALL
        assert (board.unheard["a"].reason, board.unheard["a"].since) == ("Refused.", since)

    def test_a_node_that_is_back_shows_what_it_says_now(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001"))
        board.lost("a", "Gone.")
        board.take_changes()
        board.heard("a", [member("101", "1001")], [])
        assert board.take_changes() == ALL, "for it is no longer old"
        assert board.unheard == {}
        at = board.at("1001")
        assert at
        assert at.fresh

    def test_of_an_agent_who_moved_the_node_that_is_heard_tells(self, board: QueueBoard) -> None:
        board.member_is("a", member("101", "1001"))
        board.lost("a", "Gone.")
        board.member_is("b", member("101", "1002"))
        found = board.agent("101")
        assert found
        assert (found.node, found.number) == ("b", "1002")


class TestWrapUp:
    def test_a_wrap_up_ends_by_itself_and_that_is_told_once(
        self, board: QueueBoard, clock: Clock
    ) -> None:
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

    def test_of_two_calls_the_later_wrap_up_counts(self, board: QueueBoard, clock: Clock) -> None:
        board.configure({"sales": 10, "support": 20})
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
        self, board: QueueBoard, clock: Clock, before: int, after: int
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

    def test_one_that_is_listed_ends_as_well(self, board: QueueBoard, clock: Clock) -> None:
        board.configure({"sales": 10})
        board.heard("a", [replace(member("101", "1001"), last_call=clock.now)], [])
        board.take_changes()
        clock.now += 10
        board.tick()
        assert board.take_changes() == change("sales", "1001", "101")

    def test_of_who_has_logged_out_meanwhile_nothing_is_told(
        self, board: QueueBoard, clock: Clock
    ) -> None:
        board.configure({"sales": 10})
        board.member_is("a", replace(member("101", "1001"), last_call=clock.now))
        board.member_gone("a", "sales", "PJSIP/1001")
        board.take_changes()
        clock.now += 10
        board.tick()
        assert board.take_changes() is None

    def test_the_same_settings_are_no_news(self, board: QueueBoard) -> None:
        board.configure({"sales": 10})
        board.take_changes()
        board.configure({"sales": 10})
        assert board.take_changes() is None


class TestFeed:
    @pytest.fixture
    def feed(self, board: QueueBoard, clock: Clock) -> QueueFeed:
        return QueueFeed("a", board, clock)

    def test_who_is_listed_waits_since_then(
        self, board: QueueBoard, feed: QueueFeed, clock: Clock
    ) -> None:
        feed.list_begins()
        feed.caller_listed("sales", "1.1", "0301234", "Ada", 30)
        assert board.waiting("sales") == []
        feed.list_ends()
        assert [each.since for each in board.waiting("sales")] == [clock.now - 30]

    def test_events_amid_a_list_show_at_once_and_outlive_it(
        self, board: QueueBoard, feed: QueueFeed
    ) -> None:
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

    def test_a_list_that_is_cut_off_changes_nothing(
        self, board: QueueBoard, feed: QueueFeed
    ) -> None:
        feed.member_is(member("101", "1001"))
        feed.list_begins()
        feed.member_listed(member("102", "1002"))
        feed.lost("Gone.")
        assert states(board) == {"1001": READY}
        feed.list_begins()
        feed.list_ends()
        assert states(board) == {}

    def test_the_other_node_keeps_what_it_said(self, board: QueueBoard, feed: QueueFeed) -> None:
        QueueFeed("b", board).member_is(member("102", "1002"))
        feed.list_begins()
        feed.list_ends()
        assert states(board) == {"1002": READY}


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
            feed.member_is(replace(said, status=IN_USE if what == "in use" else 1))


@given(before=STEPS, known=st.integers(0, 12), amid=STEPS, after=STEPS)
def test_a_list_between_events_that_it_knows_already_changes_nothing(
    before: list[tuple[str, str, str, str]],
    known: int,
    amid: list[tuple[str, str, str, str]],
    after: list[tuple[str, str, str, str]],
) -> None:
    """Whichever of the events amid it the list is newer than, the end is the same."""
    clock = Clock()
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
