"""What is shown of an endpoint that several Asterisks may tell something of."""

from datetime import UTC, datetime, timedelta

import pytest

from pbxbridge.events import EndpointsChanged, LinkChanged, MailboxChanged
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.shown import ShownState
from tests.fakes.recording_bus import RecordingBus

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
UP = LinkState(True, NOW)
DOWN = LinkState(False, NOW, "Connection refused.")


class Boards:
    """A board of two nodes that are connected."""

    def __init__(self, *nodes: str) -> None:
        self.bus = RecordingBus()
        self.told: list[MailboxChanged] = []
        self.board = Board(self.bus, nodes, self.told.append)
        for node in nodes:
            self.board.link_changed(node, UP)
        self.bus.published.clear()

    def put(self, node: str, status: Status, number: str = "1001", ip: str = "192.0.2.1") -> None:
        self.board.states_changed(node, [EndpointState(number, status, ip, 5060)])

    def shown(self, number: str = "1001") -> tuple[Status, str]:
        state = self.board.state_of(number)
        return state.status, state.node


@pytest.fixture
def two() -> Boards:
    return Boards("east", "west")


@pytest.fixture
def one() -> Boards:
    return Boards("asterisk")


def test_of_what_nobody_tells_nothing_is_shown(two: Boards) -> None:
    assert two.board.state_of("1001") == ShownState("1001")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Status.OK, Status.UNMONITORED),
        (Status.UNMONITORED, Status.UNREACHABLE),
        (Status.UNREACHABLE, Status.UNKNOWN),
        (Status.UNKNOWN, Status.BLANK),
    ],
)
def test_the_node_where_the_device_is_counts(two: Boards, better: Status, worse: Status) -> None:
    two.put("east", better)
    two.put("west", worse)
    assert two.shown() == (better, "east")
    two.put("east", worse)
    two.put("west", better)
    assert two.shown() == (better, "west")


def test_what_is_fresh_counts_for_more_than_what_is_old(two: Boards) -> None:
    two.put("east", Status.OK)
    two.put("west", Status.UNREACHABLE)
    two.board.link_changed("east", DOWN)
    assert two.shown() == (Status.UNREACHABLE, "west")
    assert two.board.state_of("1001").stale_since is None


def test_what_is_old_is_shown_as_old_where_nobody_else_knows_the_device(two: Boards) -> None:
    two.put("east", Status.OK)
    two.put("west", Status.BLANK)
    two.board.link_changed("east", DOWN)
    assert two.shown() == (Status.OK, "east")
    assert two.board.state_of("1001").stale_since == NOW
    assert two.board.link_of("1001") == DOWN
    assert not two.board.is_fresh
    two.board.link_changed("east", UP)
    assert two.board.state_of("1001").stale_since is None
    assert two.board.is_fresh


def test_of_what_nobody_tells_the_link_that_was_away_longest_counts(two: Boards) -> None:
    assert two.board.link_of("1001") == UP
    two.board.link_changed("west", DOWN)
    earlier = LinkState(False, NOW - timedelta(hours=1), "Refused.")
    two.board.link_changed("east", earlier)
    assert two.board.link_of("1001") == earlier


def test_with_one_node_it_is_not_named(one: Boards) -> None:
    one.put("asterisk", Status.OK)
    assert one.shown() == (Status.OK, "")


def test_endpoints_are_found_by_what_is_shown_of_them(two: Boards, one: Boards) -> None:
    two.put("east", Status.OK, "1001")
    two.put("west", Status.UNREACHABLE, "1001")
    two.put("west", Status.UNREACHABLE, "1002")
    assert two.board.numbers_with(Status.UNREACHABLE) == {"1002"}
    assert two.board.numbers_with(Status.OK) == {"1001"}
    one.put("asterisk", Status.OK)
    followed = one.board.numbers_with(Status.OK)
    one.put("asterisk", Status.UNREACHABLE)
    assert not followed
    assert one.board.numbers_with(Status.UNREACHABLE) == {"1001"}


async def test_what_is_gone_is_not_shown(two: Boards) -> None:
    two.put("east", Status.OK, "1001")
    two.put("west", Status.OK, "1001")
    two.put("west", Status.OK, "1002")
    two.board.untracked("east", "1001")
    assert two.shown() == (Status.OK, "west")
    two.board.forget("1001")
    assert two.shown() == (Status.BLANK, "")
    await two.board.follow_only({"1001"})
    assert two.board.numbers_with(Status.OK) == set()
    assert two.board.numbers_with(Status.BLANK) == {"1001"}


def test_who_is_registered_nowhere_is_found_among_the_blank(two: Boards, one: Boards) -> None:
    for boards in (two, one):
        boards.board.follow(["1001", "1002"])
        boards.put("west" if boards is two else "asterisk", Status.OK, "1002")
        assert boards.board.numbers_with(Status.BLANK) == {"1001"}
        assert boards.board.numbers_with(Status.OK) == {"1002"}


def test_a_node_s_column_is_replaced_at_once(two: Boards) -> None:
    two.put("east", Status.OK, "1001")
    two.put("west", Status.OK, "1002")
    two.bus.published.clear()
    two.board.replace("east", [EndpointState("1003", Status.OK)])
    assert two.board.numbers_with(Status.OK) == {"1002", "1003"}
    assert two.bus.published == [EndpointsChanged(frozenset({"1001", "1003"}))]


def test_the_bus_hears_of_many_endpoints_at_once_and_of_links_once(two: Boards) -> None:
    states = [EndpointState("1001", Status.OK), EndpointState("1002", Status.OK)]
    two.board.states_changed("east", [*states, EndpointState("1001", Status.UNREACHABLE)])
    two.board.link_changed("east", DOWN)
    two.board.link_changed("east", DOWN)
    assert two.bus.published == [
        EndpointsChanged(frozenset({"1001", "1002"})),
        LinkChanged("east", up=False, since=NOW, reason="Connection refused."),
    ]
    assert two.shown() == (Status.UNREACHABLE, "east")


def test_other_bridges_are_told_of_mailboxes_which_no_table_tells_them_of(two: Boards) -> None:
    two.board.mailbox_changed("east", "1001", "default")
    assert two.told == two.bus.published == [MailboxChanged("1001", "default")]
