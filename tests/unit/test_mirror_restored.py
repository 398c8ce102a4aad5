"""What was known before: when an endpoint was last seen, and what the database kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbxbridge.events import Technology
from pbxbridge.mirror.endpoint import EndpointState, Status
from tests.unit.watched_mirror import Watched


@pytest.fixture
def watched() -> Watched:
    return Watched()


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

    async def test_after_an_outage_it_is_when_that_began(self, watched: Watched) -> None:
        watched.mirror.link_up()
        watched.report("Reachable")
        watched.mirror.link_down("cut")
        outage = watched.mirror.link.since
        await watched.snapshot(("1001", "Unreachable"))
        watched.mirror.link_up()
        assert self.last_seen(watched) == outage


class TestRestored:
    """What the database last knew, before the first snapshot."""

    SEEN = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)

    def known(self, status: Status, last_seen: datetime | None = SEEN) -> EndpointState:
        port = 0 if status is Status.BLANK else 5062
        ip = "127.0.0.1" if port else ""
        return EndpointState("1001", status, ip, port, None, "Desk phone", last_seen)

    @pytest.mark.parametrize("status", [Status.OK, Status.UNREACHABLE, Status.UNKNOWN])
    async def test_it_is_shown_as_it_was_and_told_to_nobody(
        self, watched: Watched, status: Status
    ) -> None:
        state = self.known(status, None if status is Status.OK else self.SEEN)
        await watched.mirror.restore([state, EndpointState("nobody", Status.OK, "127.0.0.1", 1)])
        assert watched.mirror.state_of("1001") == state
        assert watched.told() == []

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (Status.UNREACHABLE, Status.UNKNOWN),
            (Status.UNKNOWN, Status.UNKNOWN),
            (Status.OK, Status.BLANK),
            (Status.BLANK, Status.BLANK),
        ],
    )
    async def test_what_no_list_has_was_given_up_if_it_did_not_answer(
        self, watched: Watched, before: Status, after: Status
    ) -> None:
        await watched.mirror.restore([self.known(before)])
        await watched.snapshot()
        state = watched.mirror.state_of("1001")
        assert (state.status, state.port) == (after, 5062 if after else 0)
        assert before is Status.OK or state.last_seen == self.SEEN

    async def test_what_is_listed_counts_and_when_it_was_last_seen_is_kept(
        self, watched: Watched
    ) -> None:
        await watched.mirror.restore([self.known(Status.UNKNOWN)])
        await watched.snapshot(("1001", "Unreachable"))
        state = watched.mirror.state_of("1001")
        assert (state.status, state.last_seen) == (Status.UNREACHABLE, self.SEEN)
        watched.report("Reachable")
        assert watched.mirror.state_of("1001").last_seen is None

    async def test_one_that_is_not_monitored_is_blank_if_it_is_not_listed(
        self, watched: Watched
    ) -> None:
        state = self.known(Status.UNMONITORED)._replace(endpoint="1002")
        await watched.mirror.restore([state])
        assert watched.mirror.state_of("1002") == state
        await watched.snapshot()
        assert watched.mirror.state_of("1002").status is Status.BLANK

    async def test_an_iax2_peer_at_an_address_of_ipv6_comes_back_whole(
        self, watched: Watched
    ) -> None:
        watched.mirror.track("2001", True, Technology.IAX2)
        state = EndpointState("2001", Status.UNREACHABLE, "2001:db8::7", 4570)
        await watched.mirror.restore([state])
        await watched.snapshot()
        assert watched.mirror.state_of("2001") == state._replace(status=Status.UNKNOWN)
