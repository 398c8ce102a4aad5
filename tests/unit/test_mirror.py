"""The mirror: what it shows, and what it tells its watcher."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from pbxbridge.events import Technology
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.peer_state import PeerListing, PeerReport
from tests.unit.watched_mirror import URI, Watched


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_change_is_published_once(watched: Watched) -> None:
    watched.report("Reachable")
    watched.report("Reachable")
    state = EndpointState("1001", Status.OK, "127.0.0.1", 5062, 2.0)
    assert watched.told() == [state]
    assert watched.mirror.state_of("1001") == state


def test_what_changes_between_two_flushes_is_told_once_as_it_is_then(watched: Watched) -> None:
    watched.mirror.track("1003", monitored=True)
    for status, aor in [("Reachable", "1003"), ("Reachable", "1001"), ("Unreachable", "1003")]:
        watched.mirror.contact_changed(ContactReport(aor, URI, status, "2000"))
    assert watched.mirror.pending == 2
    assert watched.statuses() == [("1003", Status.UNREACHABLE), ("1001", Status.OK)]
    assert watched.mirror.pending == 0


def test_tracking_endpoints_without_contacts_publishes_nothing(watched: Watched) -> None:
    assert watched.told() == []
    for number in ("1001", "1002"):
        assert watched.mirror.state_of(number) == EndpointState(number)


def test_a_phone_that_registered_first_shows_when_its_extension_is_tracked(
    watched: Watched,
) -> None:
    watched.report("Reachable", "1003")
    assert watched.told() == []
    assert watched.mirror.state_of("1003").status is Status.BLANK
    watched.mirror.track("1003", monitored=True)
    assert watched.statuses() == [("1003", Status.OK)]


async def test_an_untracked_endpoint_is_blank_and_silent(watched: Watched) -> None:
    watched.report("Reachable")
    watched.told()
    await watched.mirror.track_all({"1002": False})
    watched.report("Unreachable")
    assert watched.told() == []
    assert watched.mirror.state_of("1001") == EndpointState("1001")


def test_what_was_given_up_is_nothing_to_a_later_extension_of_that_number(
    watched: Watched,
) -> None:
    watched.give_up()
    watched.mirror.untrack("1001")
    watched.mirror.track("1001", monitored=True)
    assert watched.mirror.state_of("1001") == EndpointState("1001")
    assert watched.watcher.gone == ["1001"]


def test_turning_monitoring_off_and_on_is_seen_at_once(watched: Watched) -> None:
    watched.report("Reachable")
    watched.mirror.track("1001", monitored=False)
    watched.mirror.track("1001", monitored=True)
    assert [status for _, status in watched.statuses()] == [
        Status.OK,
        Status.UNMONITORED,
        Status.OK,
    ]


class TestLink:
    def test_it_starts_down_with_a_reason(self, watched: Watched) -> None:
        assert not watched.mirror.link.up
        assert watched.mirror.link.reason

    def test_states_stay_while_it_is_down(self, watched: Watched) -> None:
        watched.mirror.link_up()
        watched.report("Reachable")
        watched.mirror.link_down("cut")
        assert watched.mirror.state_of("1001").status is Status.OK
        assert watched.mirror.link.reason == "cut"

    def test_it_is_published_when_it_changes_and_keeps_since_when_it_is_down(
        self, watched: Watched
    ) -> None:
        watched.mirror.link_up()
        watched.mirror.link_up()
        watched.mirror.link_down("cut")
        lost = watched.mirror.link.since
        watched.mirror.link_down("cut")
        watched.mirror.link_down("refused")
        changes = watched.watcher.links
        assert [(change.up, change.reason) for change in changes] == [
            (True, ""),
            (False, "cut"),
            (False, "refused"),
        ]
        assert changes[-1].since == lost
        assert lost.utcoffset() is not None


def test_a_changed_mailbox_is_announced(watched: Watched) -> None:
    watched.mirror.mailbox_changed("1002", "default")
    assert watched.watcher.mailboxes == [("1002", "default")]


class TestSeveralContacts:
    MOVED = "sip:1001@127.0.0.1:5064"

    def test_a_phone_that_moves_within_one_read_is_never_blank(self, watched: Watched) -> None:
        watched.report("Reachable")
        watched.told()
        for status, uri in [
            ("NonQualified", self.MOVED),
            ("Reachable", self.MOVED),
            ("Removed", URI),
        ]:
            watched.mirror.contact_changed(ContactReport("1001", uri, status, "1000"))
        (state,) = watched.told()
        assert (state.status, state.port) == (Status.OK, 5064)

    def test_each_of_two_phones_counts_within_one_read(self, watched: Watched) -> None:
        for status, uri in [("Reachable", URI), ("Unreachable", self.MOVED)]:
            watched.mirror.contact_changed(ContactReport("1001", uri, status))
        (state,) = watched.told()
        assert (state.status, state.port) == (Status.OK, 5062)

    def test_falling_silent_and_expiring_within_one_read_is_giving_up(
        self, watched: Watched
    ) -> None:
        for status in ("Reachable", "Unreachable", "Removed"):
            watched.mirror.contact_changed(ContactReport("1001", URI, status))
        assert watched.statuses() == [("1001", Status.UNKNOWN)]

    def test_un_registering_and_registering_within_one_read_is_no_giving_up(
        self, watched: Watched
    ) -> None:
        for status in ("Unreachable", "Removed", "Reachable", "Removed"):
            watched.mirror.contact_changed(ContactReport("1001", URI, status))
        assert watched.statuses() == []


def test_strange_words_show_unknown_and_are_logged_once_each(watched: Watched) -> None:
    watched.mirror.track("2001", True, Technology.IAX2)
    with structlog.testing.capture_logs() as entries:
        for _ in range(2):
            watched.report("Hibernating")
            watched.mirror.peer_changed(PeerReport("2001", "Dozing"))
            watched.mirror.peer_listed(PeerListing("2001", "192.0.2.7", 4570, "SNORING (3 ms)"))
            watched.mirror.flush()
    assert [entry["word"] for entry in entries] == ["Hibernating", "Dozing", "SNORING"]
    assert watched.mirror.state_of("1001").status is Status.UNKNOWN
    assert watched.mirror.state_of("2001").status is Status.UNKNOWN


async def test_following_many_endpoints_lets_others_have_their_turn(watched: Watched) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(others())
    many = {str(number): True for number in range(20_000)}
    await watched.mirror.track_all(many)
    watched.mirror.snapshot_begin()
    for number in many:
        watched.item("Reachable", number)
    before = turns
    await watched.mirror.snapshot_end()
    counting.cancel()
    assert before >= 20
    assert turns - before >= 20
    assert len(watched.told()) == 20_000
