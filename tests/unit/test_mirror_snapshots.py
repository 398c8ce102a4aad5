"""A snapshot: what a list changes when the link comes up, and while it is."""

from __future__ import annotations

import pytest

from pbxbridge.mirror.endpoint import Status
from tests.unit.watched_mirror import Watched


@pytest.fixture
def watched() -> Watched:
    return Watched()


class TestSnapshotOnConnecting:
    async def test_it_replaces_the_view_at_once_and_publishes_only_differences(
        self, watched: Watched
    ) -> None:
        watched.report("Reachable")
        watched.report("NonQualified", "1002")
        watched.told()
        watched.mirror.snapshot_begin()
        watched.item("Reachable")
        assert watched.told() == []
        assert watched.mirror.state_of("1002").status is Status.UNMONITORED
        await watched.mirror.snapshot_end()
        assert watched.statuses() == [("1002", Status.BLANK)]

    async def test_an_event_after_an_item_wins_over_it(self, watched: Watched) -> None:
        watched.mirror.snapshot_begin()
        watched.item("Reachable")
        watched.report("Unreachable")
        await watched.mirror.snapshot_end()
        assert watched.statuses() == [("1001", Status.UNREACHABLE)]

    async def test_a_removal_amid_the_list_leaves_nothing(self, watched: Watched) -> None:
        watched.mirror.snapshot_begin()
        watched.item("Reachable")
        watched.report("Removed")
        await watched.mirror.snapshot_end()
        assert watched.statuses() == []

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (["Unreachable", "Removed"], Status.UNKNOWN),
            (["Unreachable"], Status.UNKNOWN),
            (["Reachable"], Status.BLANK),
            (["NonQualified"], Status.BLANK),
            ([], Status.BLANK),
        ],
    )
    async def test_what_was_unreachable_and_is_not_listed_has_been_given_up(
        self, watched: Watched, before: list[str], after: Status
    ) -> None:
        for status in before:
            watched.report(status)
        await watched.snapshot()
        state = watched.mirror.state_of("1001")
        assert (state.status, state.port) == (after, 5062 if after else 0)

    async def test_one_that_was_listed_and_un_registered_amid_the_list_is_not_given_up(
        self, watched: Watched
    ) -> None:
        watched.report("Unreachable")
        watched.mirror.snapshot_begin()
        watched.item("Reachable")
        watched.report("Removed")
        await watched.mirror.snapshot_end()
        assert watched.mirror.state_of("1001").status is Status.BLANK

    def test_a_half_read_one_is_thrown_away_when_the_link_is_lost(self, watched: Watched) -> None:
        watched.report("Reachable")
        watched.mirror.snapshot_begin()
        watched.mirror.link_down("cut")
        assert watched.mirror.state_of("1001").status is Status.OK
        watched.report("Unreachable")
        assert watched.mirror.state_of("1001").status is Status.UNREACHABLE

    async def test_what_was_removed_amid_the_list_and_is_on_it_yet_is_gone(
        self, watched: Watched
    ) -> None:
        watched.mirror.snapshot_begin()
        watched.report("Removed")
        watched.item("Reachable")
        await watched.mirror.snapshot_end()
        assert watched.mirror.state_of("1001").status is Status.BLANK

    async def test_what_registered_again_after_that_is_not(self, watched: Watched) -> None:
        watched.mirror.snapshot_begin()
        watched.report("Removed")
        watched.report("NonQualified")
        watched.item("Reachable")
        await watched.mirror.snapshot_end()
        assert watched.mirror.state_of("1001").status is Status.OK

    async def test_events_amid_it_change_nothing_of_the_old_view(self, watched: Watched) -> None:
        watched.report("Reachable")
        watched.mirror.snapshot_begin()
        watched.report("Unreachable")
        assert watched.mirror.state_of("1001").status is Status.OK
        await watched.mirror.snapshot_end()
        assert watched.mirror.state_of("1001").status is Status.UNREACHABLE


class TestSnapshotWhileTheLinkIsUp:
    @pytest.fixture
    def up(self, watched: Watched) -> Watched:
        watched.mirror.link_up()
        return watched

    async def test_it_tells_of_endpoints_that_have_no_events(self, up: Watched) -> None:
        await up.snapshot(("1002", "NonQualified"))
        await up.snapshot()
        assert up.statuses() == [("1002", Status.UNMONITORED), ("1002", Status.BLANK)]

    async def test_it_leaves_the_others_to_their_events(self, up: Watched) -> None:
        up.give_up()
        await up.snapshot()
        assert up.mirror.state_of("1001").status is Status.UNKNOWN
        up.report("Reachable")
        await up.snapshot(("1001", "Unreachable"))
        assert up.mirror.state_of("1001").status is Status.OK

    async def test_an_event_amid_the_list_is_seen_at_once_and_stays(self, up: Watched) -> None:
        up.report("Reachable")
        up.mirror.snapshot_begin()
        up.item("Reachable")
        up.report("Unreachable")
        assert up.mirror.state_of("1001").status is Status.UNREACHABLE
        await up.mirror.snapshot_end()
        assert up.mirror.state_of("1001").status is Status.UNREACHABLE

    async def test_a_contact_without_a_probe_may_be_renewed_or_removed(self, up: Watched) -> None:
        up.report("NonQualified")
        await up.snapshot(("1001", "Reachable"))
        up.report("NonQualified")
        await up.snapshot()
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
    async def test_it_is_needed_for_others_that_wait_long_for_their_probe(
        self, watched: Watched, status: str, needed: bool
    ) -> None:
        await watched.mirror.track_all({"1001": True})
        await watched.snapshot()
        watched.report(status)
        assert not watched.mirror.wants_snapshot(), "the probe was asked for just now"
        assert watched.mirror.wants_snapshot() is needed

    async def test_one_that_is_monitored_from_now_on_is_looked_at_once_more(
        self, up: Watched
    ) -> None:
        await up.snapshot(("1002", "NonQualified"))
        up.report("Reachable", "1002")
        up.mirror.track("1002", monitored=True)
        assert up.mirror.wants_snapshot()
        await up.snapshot()
        assert up.mirror.state_of("1002").status is Status.BLANK, "it went, and no event said so"
        assert not up.mirror.wants_snapshot()

    async def test_one_that_is_so_since_the_list_began_is_looked_at_again(
        self, up: Watched
    ) -> None:
        up.mirror.track("1002", monitored=True)
        up.mirror.snapshot_begin()
        up.mirror.track("1002", monitored=False)
        up.mirror.track("1002", monitored=True)
        await up.mirror.snapshot_end()
        assert up.mirror.wants_snapshot()
