"""What happens in the queues of all nodes, and which of it is news."""

from __future__ import annotations

import pytest

from pbxbridge.events import QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_member import AgentState
from tests.rig.queue_boards import change, states
from tests.rig.queue_events import IN_USE, RINGING, caller, member

READY, PAUSED = AgentState.READY, AgentState.PAUSED
ALL = QueuesChanged(None, None, None)


@pytest.fixture
def board() -> QueueBoard:
    """Two nodes, both heard; nothing happens in any queue."""
    board = QueueBoard(["a", "b"])
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

    def test_who_is_nowhere_is_known_once_each_node_was_heard(self) -> None:
        board = QueueBoard(["a", "b"])
        board.heard("a", [], [])
        assert not board.is_complete
        board.heard("b", [], [])
        board.lost("a", "Gone.")
        assert board.is_complete

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
