"""The mirror: what it shows, and what it tells the bus."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from pbxbridge.events import (
    EndpointStateChanged,
    Event,
    LinkChanged,
    MailboxChanged,
    Technology,
)
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.peer_state import PeerListing, PeerReport
from tests.fakes.recording_bus import RecordingBus

URI = "sip:1001@127.0.0.1:5062"


class Watched:
    """A mirror with two tracked endpoints, 1002 of them not monitored, and what it published."""

    def __init__(self) -> None:
        self._bus = RecordingBus()
        self.mirror = Mirror(self._bus)
        self.mirror.track_all({"1001": True, "1002": False})

    def report(self, status: str, aor: str = "1001", uri: str = URI) -> None:
        self.mirror.contact_changed(ContactReport(aor, uri, status, "2000"))

    def item(self, status: str, aor: str = "1001") -> None:
        self.mirror.snapshot_item(ContactReport(aor, URI, status, "2000"))

    def snapshot(self, *items: tuple[str, str]) -> None:
        self.mirror.snapshot_begin()
        for aor, status in items:
            self.item(status, aor)
        self.mirror.snapshot_end()

    def give_up(self) -> None:
        self.report("Unreachable")
        self.report("Removed")

    def published(self) -> list[Event]:
        """Return what was published since the last look."""
        published, self._bus.published = self._bus.published, []
        return published

    def statuses(self) -> list[tuple[str, Status]]:
        statuses = self._bus.statuses()
        self._bus.published = []
        return statuses


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_change_is_published_once(watched: Watched) -> None:
    watched.report("Reachable")
    watched.report("Reachable")
    state = EndpointState("1001", Status.OK, "127.0.0.1", 5062, 2.0)
    assert watched.published() == [EndpointStateChanged(state)]
    assert watched.mirror.state_of("1001") == state


def test_tracking_endpoints_without_contacts_publishes_nothing(watched: Watched) -> None:
    assert watched.published() == []
    for number in ("1001", "1002"):
        assert watched.mirror.state_of(number) == EndpointState(number)


def test_a_phone_that_registered_first_shows_when_its_extension_is_tracked(
    watched: Watched,
) -> None:
    watched.report("Reachable", "1003")
    assert watched.published() == []
    assert watched.mirror.state_of("1003").status is Status.BLANK
    watched.mirror.track("1003", monitored=True)
    assert watched.statuses() == [("1003", Status.OK)]


def test_an_untracked_endpoint_is_blank_and_silent(watched: Watched) -> None:
    watched.report("Reachable")
    watched.published()
    watched.mirror.track_all({"1002": False})
    watched.report("Unreachable")
    assert watched.published() == []
    assert watched.mirror.state_of("1001") == EndpointState("1001")


def test_turning_monitoring_off_and_on_is_seen_at_once(watched: Watched) -> None:
    watched.report("Reachable")
    watched.mirror.track("1001", monitored=False)
    watched.mirror.track("1001", monitored=True)
    assert [status for _, status in watched.statuses()] == [
        Status.OK,
        Status.UNMONITORED,
        Status.OK,
    ]


def test_the_numbers_of_each_status_follow_every_change_without_a_walk(watched: Watched) -> None:
    mirror = watched.mirror
    ok, blank = mirror.numbers_with(Status.OK), mirror.numbers_with(Status.BLANK)
    assert (ok, blank) == (set(), {"1001", "1002"})
    watched.report("Reachable")
    assert (ok, blank) == ({"1001"}, {"1002"})
    mirror.track("1003", monitored=True, technology=Technology.DAHDI)
    mirror.track("1003", monitored=True, technology=Technology.DAHDI)
    assert mirror.numbers_with(Status.UNMONITORED) == {"1003"}
    mirror.track("1001", monitored=True, technology=Technology.NONE)
    assert (ok, blank) == (set(), {"1001", "1002"})
    mirror.track("1001", monitored=True)
    mirror.track_all({"1001": True})
    assert (ok, blank) == ({"1001"}, set())
    mirror.untrack("1001")
    watched.report("Unreachable")
    mirror.untrack("nobody")
    assert not any(mirror.numbers_with(status) for status in Status)


class TestSnapshotOnConnecting:
    def test_it_replaces_the_view_at_once_and_publishes_only_differences(
        self, watched: Watched
    ) -> None:
        watched.report("Reachable")
        watched.report("NonQualified", "1002")
        watched.published()
        watched.mirror.snapshot_begin()
        watched.item("Reachable")
        assert watched.published() == []
        assert watched.mirror.state_of("1002").status is Status.UNMONITORED
        watched.mirror.snapshot_end()
        assert watched.statuses() == [("1002", Status.BLANK)]

    def test_an_event_after_an_item_wins_over_it(self, watched: Watched) -> None:
        watched.mirror.snapshot_begin()
        watched.item("Reachable")
        watched.report("Unreachable")
        watched.mirror.snapshot_end()
        assert watched.statuses() == [("1001", Status.UNREACHABLE)]

    def test_a_removal_amid_the_list_leaves_nothing(self, watched: Watched) -> None:
        watched.mirror.snapshot_begin()
        watched.item("Reachable")
        watched.report("Removed")
        watched.mirror.snapshot_end()
        assert watched.statuses() == []

    def test_it_clears_a_contact_that_was_given_up(self, watched: Watched) -> None:
        watched.give_up()
        watched.mirror.snapshot_begin()
        watched.mirror.snapshot_end()
        assert watched.statuses()[-1] == ("1001", Status.BLANK)

    def test_a_half_read_one_is_thrown_away_when_the_link_is_lost(self, watched: Watched) -> None:
        watched.report("Reachable")
        watched.mirror.snapshot_begin()
        watched.mirror.link_down("cut")
        assert watched.mirror.state_of("1001").status is Status.OK
        watched.report("Unreachable")
        assert watched.mirror.state_of("1001").status is Status.UNREACHABLE


class TestSnapshotWhileTheLinkIsUp:
    @pytest.fixture
    def up(self, watched: Watched) -> Watched:
        watched.mirror.link_up()
        return watched

    def test_it_tells_of_endpoints_that_have_no_events(self, up: Watched) -> None:
        up.snapshot(("1002", "NonQualified"))
        up.snapshot()
        assert up.statuses() == [("1002", Status.UNMONITORED), ("1002", Status.BLANK)]

    def test_it_leaves_the_others_to_their_events(self, up: Watched) -> None:
        up.give_up()
        up.snapshot()
        assert up.mirror.state_of("1001").status is Status.UNKNOWN
        up.report("Reachable")
        up.snapshot(("1001", "Unreachable"))
        assert up.mirror.state_of("1001").status is Status.OK

    def test_an_event_amid_the_list_is_seen_at_once_and_stays(self, up: Watched) -> None:
        up.report("Reachable")
        up.mirror.snapshot_begin()
        up.item("Reachable")
        up.report("Unreachable")
        assert up.mirror.state_of("1001").status is Status.UNREACHABLE
        up.mirror.snapshot_end()
        assert up.mirror.state_of("1001").status is Status.UNREACHABLE

    def test_a_contact_without_a_probe_may_be_renewed_or_removed(self, up: Watched) -> None:
        up.report("NonQualified")
        up.snapshot(("1001", "Reachable"))
        up.report("NonQualified")
        up.snapshot()
        assert [status for _, status in up.statuses()] == [
            Status.UNKNOWN,
            Status.OK,
            Status.UNKNOWN,
            Status.BLANK,
        ]

    def test_it_is_needed_for_endpoints_that_are_not_monitored(self, watched: Watched) -> None:
        assert watched.mirror.wants_snapshot()

    @pytest.mark.parametrize(
        ("status", "needed"), [("NonQualified", True), ("Reachable", False), ("Removed", False)]
    )
    def test_it_is_needed_for_others_that_wait_long_for_their_probe(
        self, watched: Watched, status: str, needed: bool
    ) -> None:
        watched.mirror.track_all({"1001": True})
        watched.report(status)
        assert not watched.mirror.wants_snapshot(), "the probe was asked for just now"
        assert watched.mirror.wants_snapshot() is needed


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
        changes = [event for event in watched.published() if isinstance(event, LinkChanged)]
        assert [(change.up, change.reason) for change in changes] == [
            (True, ""),
            (False, "cut"),
            (False, "refused"),
        ]
        assert changes[-1].since == lost
        assert lost.utcoffset() is not None


class TestUnprobed:
    async def next_one(self, watched: Watched) -> str | None:
        try:
            async with asyncio.timeout(0.01):
                return await watched.mirror.questions.next_unprobed()
        except TimeoutError:
            return None

    async def test_a_monitored_contact_is_named_once(self, watched: Watched) -> None:
        watched.report("NonQualified")
        watched.report("NonQualified")
        watched.report("NonQualified", "1002")
        assert await self.next_one(watched) == "1001"
        assert await self.next_one(watched) is None

    async def test_a_second_contact_is_named_too(self, watched: Watched) -> None:
        watched.report("NonQualified")
        assert await self.next_one(watched) == "1001"
        watched.report("NonQualified", uri="sip:1001@127.0.0.1:5064")
        assert await self.next_one(watched) == "1001"

    async def test_one_that_was_probed_meanwhile_is_left_out(self, watched: Watched) -> None:
        watched.report("NonQualified")
        watched.report("Reachable")
        assert await self.next_one(watched) is None

    async def test_turning_monitoring_on_asks_for_a_probe(self, watched: Watched) -> None:
        watched.report("NonQualified", "1002")
        watched.mirror.track("1002", monitored=True)
        assert await self.next_one(watched) == "1002"

    async def test_a_new_snapshot_asks_again(self, watched: Watched) -> None:
        watched.report("NonQualified")
        assert await self.next_one(watched) == "1001"
        watched.snapshot(("1001", "NonQualified"))
        assert await self.next_one(watched) == "1001"


class TestUserAgent:
    def agent(self, watched: Watched) -> str:
        return watched.mirror.state_of("1001").user_agent

    async def next_one(self, watched: Watched) -> tuple[str, str] | None:
        try:
            async with asyncio.timeout(0.01):
                return await watched.mirror.questions.next_unnamed()
        except TimeoutError:
            return None

    async def test_a_contact_that_an_event_told_of_is_asked_about_once(
        self, watched: Watched
    ) -> None:
        watched.report("NonQualified")
        watched.report("Reachable")
        assert await self.next_one(watched) == ("1001", URI)
        assert await self.next_one(watched) is None

    def test_the_answer_is_shown_and_stays_when_the_contact_changes(self, watched: Watched) -> None:
        watched.report("Reachable")
        watched.published()
        watched.mirror.user_agent_told("1001", URI, "Desk phone 1.2")
        assert [type(event) for event in watched.published()] == [EndpointStateChanged]
        watched.report("Unreachable")
        assert self.agent(watched) == "Desk phone 1.2"

    def test_an_answer_about_a_contact_that_has_gone_is_dropped(self, watched: Watched) -> None:
        watched.report("Reachable")
        watched.report("Removed")
        watched.mirror.user_agent_told("1001", URI, "Desk phone 1.2")
        assert watched.mirror.state_of("1001").status is Status.BLANK

    async def test_what_a_list_told_is_not_asked(self, watched: Watched) -> None:
        watched.mirror.snapshot_begin()
        item = ContactReport("1001", URI, "Reachable", "N/A", user_agent="Desk phone 1.2")
        watched.mirror.snapshot_item(item)
        watched.mirror.snapshot_end()
        assert self.agent(watched) == "Desk phone 1.2"
        assert await self.next_one(watched) is None


class TestLastSeen:
    def last_seen(self, watched: Watched) -> datetime | None:
        return watched.mirror.state_of("1001").last_seen

    def test_it_is_when_an_endpoint_stopped_to_be_ok(self, watched: Watched) -> None:
        watched.mirror.link_up()
        watched.report("Unreachable")
        assert self.last_seen(watched) is None, "it never was"
        watched.report("Reachable")
        assert self.last_seen(watched) is None, "it is there"
        before = datetime.now(UTC)
        watched.report("Unreachable")
        seen = self.last_seen(watched)
        assert seen is not None
        assert before <= seen <= datetime.now(UTC)
        watched.report("Removed")
        assert self.last_seen(watched) == seen
        watched.report("Reachable")
        assert self.last_seen(watched) is None

    def test_after_an_outage_it_is_when_that_began(self, watched: Watched) -> None:
        watched.mirror.link_up()
        watched.report("Reachable")
        watched.mirror.link_down("cut")
        outage = watched.mirror.link.since
        watched.snapshot(("1001", "Unreachable"))
        watched.mirror.link_up()
        assert self.last_seen(watched) == outage


class TestTechnologies:
    def test_a_dahdi_line_is_unmonitored_and_nothing_else(self, watched: Watched) -> None:
        watched.mirror.track("1001", True, Technology.DAHDI)
        watched.report("Reachable")
        assert watched.mirror.state_of("1001") == EndpointState("1001", Status.UNMONITORED)

    def test_an_extension_without_a_device_is_blank(self, watched: Watched) -> None:
        watched.report("Reachable")
        assert watched.mirror.state_of("1001").status is Status.OK
        watched.mirror.track("1001", True, Technology.NONE)
        assert watched.mirror.state_of("1001") == EndpointState("1001")

    def test_neither_needs_snapshots(self, watched: Watched) -> None:
        watched.mirror.track_all(
            {"1001": False, "1002": False},
            {"1001": Technology.DAHDI, "1002": Technology.NONE},
        )
        assert not watched.mirror.wants_snapshot()


class TestIax2:
    OK = PeerListing("2001", "192.0.2.7", 4570, "OK (3 ms)")

    @pytest.fixture
    def up(self, watched: Watched) -> Watched:
        watched.mirror.track("2001", True, Technology.IAX2)
        watched.mirror.link_up()
        watched.published()
        return watched

    def peer(self, watched: Watched, status: str, **said: str) -> None:
        watched.mirror.peer_changed(PeerReport("2001", status, **said))

    async def in_doubt(self, watched: Watched) -> bool:
        try:
            async with asyncio.timeout(0.01):
                await watched.mirror.questions.peer_in_doubt()
        except TimeoutError:
            return False
        return True

    async def test_a_registration_is_in_doubt_until_it_was_listed(self, up: Watched) -> None:
        assert not await self.in_doubt(up)
        self.peer(up, "Registered", address="192.0.2.7")
        assert await self.in_doubt(up)
        up.mirror.peer_listed(self.OK)
        assert not await self.in_doubt(up)
        assert up.statuses() == [("2001", Status.UNKNOWN), ("2001", Status.OK)]

    async def test_one_that_is_deleted_is_in_doubt_no_more_and_leaves_nothing(
        self, up: Watched
    ) -> None:
        self.peer(up, "Registered", address="192.0.2.7")
        up.mirror.untrack("2001")
        assert not await self.in_doubt(up)
        up.mirror.track("2001", True, Technology.IAX2)
        assert up.mirror.state_of("2001") == EndpointState("2001")

    def test_a_sip_phone_of_the_same_number_is_another_matter(self, up: Watched) -> None:
        up.report("Reachable", "2001")
        assert up.statuses() == []
        up.mirror.track("2001", True, Technology.PJSIP)
        self.peer(up, "Unreachable")
        assert up.statuses() == [("2001", Status.OK)]

    def test_a_snapshot_replaces_what_was_known(self, up: Watched) -> None:
        up.mirror.peer_listed(self.OK)
        up.mirror.snapshot_begin()
        up.mirror.snapshot_end()
        assert up.statuses() == [("2001", Status.OK), ("2001", Status.BLANK)]

    def test_one_that_was_given_up_stays_so_until_the_link_was_lost(self, up: Watched) -> None:
        up.mirror.peer_listed(self.OK)
        self.peer(up, "Unreachable")
        self.peer(up, "Unregistered", cause="Expired")
        up.snapshot()
        assert up.mirror.state_of("2001").status is Status.UNKNOWN
        up.mirror.link_down("cut")
        up.snapshot()
        assert up.mirror.state_of("2001").status is Status.BLANK


def test_a_changed_mailbox_is_announced(watched: Watched) -> None:
    watched.mirror.mailbox_changed("1002", "default")
    assert watched.published() == [MailboxChanged("1002", "default")]
