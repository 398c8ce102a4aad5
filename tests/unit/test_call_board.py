"""What the channels of all nodes say of a phone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.events import CallsChanged
from pbxbridge.mirror.call_board import CallBoard, CallState, Channel

IDLE, RINGING, IN_USE = CallState.IDLE, CallState.RINGING, CallState.IN_USE


def channel(state: str, number: str = "1001", id_: str = "1.1") -> Channel:
    return Channel(id_, f"PJSIP/{number}-0000002a", state)


@pytest.fixture
def board() -> CallBoard:
    """One node, which is heard and has no channels."""
    board = CallBoard(["a"])
    board.heard("a", [])
    board.take_changes()
    return board


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ([], IDLE),
        (["Down"], IDLE),
        (["Ringing"], RINGING),
        (["Ring"], IN_USE),  # it dials
        (["Dialing"], IN_USE),
        (["Up"], IN_USE),
        (["Ringing", "Up"], IN_USE),  # a second call comes in
        (["Down", "Ringing"], RINGING),
    ],
)
def test_the_busiest_channel_of_a_phone_is_shown(
    board: CallBoard, states: list[str], shown: CallState
) -> None:
    for number, state in enumerate(states):
        board.channel_is("a", channel(state, id_=f"1.{number}"))
    assert board.state_of("1001") is shown
    assert board.state_of("1002") is IDLE


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("PJSIP/1001-0000002a", "1001"),
        ("IAX2/2001-123", "2001"),
        ("PJSIP/trunk-carrier-0000002a", ""),
        ("IAX2/192.0.2.1:4569-123", ""),
        ("Local/1001@extensions-00000001;1", ""),
        ("PJSIP/1001-0000002a<ZOMBIE>", "1001"),
        ("DAHDI/1-1", ""),
    ],
)
def test_a_channel_belongs_to_the_extension_that_it_is_named_by(name: str, number: str) -> None:
    assert Channel("1.1", name, "Up").number == number


def test_only_a_change_of_what_is_shown_is_told(board: CallBoard) -> None:
    board.channel_is("a", channel("Down"))
    assert board.take_changes() is None
    board.channel_is("a", channel("Ringing"))
    board.channel_is("a", channel("Up", number="trunk-carrier", id_="1.2"))
    assert board.take_changes() == CallsChanged(frozenset({"1001"}))
    board.channel_is("a", channel("Ringing"))
    assert board.take_changes() is None
    board.channel_is_gone("a", "1.1")
    board.channel_is_gone("a", "1.1")
    assert board.take_changes() == CallsChanged(frozenset({"1001"}))
    assert board.channels_of("1001") == []


def test_a_channel_that_goes_to_another_phone_leaves_the_first(board: CallBoard) -> None:
    board.channel_is("a", channel("Up"))
    board.channel_is("a", channel("Up", number="1002"))
    assert (board.state_of("1001"), board.state_of("1002")) == (IDLE, IN_USE)


def test_of_a_node_that_is_not_heard_nothing_is_shown(board: CallBoard) -> None:
    board.channel_is("a", channel("Up"))
    board.lost("a")
    assert board.state_of("1001") is None
    assert board.take_changes() == CallsChanged(None)
    board.lost("a")
    assert board.take_changes() is None
    board.heard("a", [channel("Ringing", number="1002")])
    assert (board.state_of("1001"), board.state_of("1002")) == (IDLE, RINGING)
    assert board.take_changes() == CallsChanged(None)


def test_over_several_nodes_the_busiest_is_shown_and_idle_needs_all() -> None:
    board = CallBoard(["a", "b"])
    assert board.state_of("1001") is None
    board.heard("a", [channel("Ringing")])
    assert (board.state_of("1001"), board.state_of("1002")) == (RINGING, None)
    board.heard("b", [channel("Up")])
    assert (board.state_of("1001"), board.state_of("1002")) == (IN_USE, IDLE)
    assert board.channels_of("1001") == [("a", "1.1"), ("b", "1.1")]


IDS = st.sampled_from(["1.1", "1.2", "1.3"])
STEPS = st.lists(
    st.tuples(
        IDS,
        st.sampled_from(["1001", "1002"]),
        st.sampled_from(["Down", "Ring", "Ringing", "Up", "gone"]),
    )
)


@given(before=STEPS, listed=st.integers(0, 20), after=STEPS)
def test_a_list_between_events_that_it_knows_already_changes_nothing(
    before: list[tuple[str, str, str]], listed: int, after: list[tuple[str, str, str]]
) -> None:
    """Events that a list is newer than are applied after it: the end is the same."""
    plain, behind = CallBoard(["a"]), CallBoard(["a"])
    plain.heard("a", [])
    steps = [*before, *after]
    now: dict[str, Channel] = {}
    for id_, number, state in steps[: len(before) + listed]:
        now[id_] = channel(state, number, id_)
        if state == "gone":
            del now[id_]
    behind.heard("a", now.values())
    for board, some in ((plain, steps), (behind, steps[len(before) :])):
        for id_, number, state in some:
            if state == "gone":
                board.channel_is_gone("a", id_)
            else:
                board.channel_is("a", channel(state, number, id_))
    for number in ("1001", "1002"):
        assert behind.state_of(number) is plain.state_of(number)
        assert behind.channels_of(number) == plain.channels_of(number)
