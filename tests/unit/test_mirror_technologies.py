"""Devices that are no SIP phones."""

from __future__ import annotations

import asyncio

import pytest

from pbxbridge.events import Technology
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.peer_state import PeerListing, PeerReport
from tests.unit.watched_mirror import Watched


@pytest.fixture
def watched() -> Watched:
    return Watched()


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

    async def test_neither_needs_snapshots(self, watched: Watched) -> None:
        await watched.mirror.track_all(
            {"1001": False, "1002": False},
            {"1001": Technology.DAHDI, "1002": Technology.NONE},
        )
        await watched.snapshot()
        assert not watched.mirror.wants_snapshot()


class TestIax2:
    OK = PeerListing("2001", "192.0.2.7", 4570, "OK (3 ms)")

    @pytest.fixture
    def up(self, watched: Watched) -> Watched:
        watched.mirror.track("2001", True, Technology.IAX2)
        watched.mirror.link_up()
        watched.told()
        return watched

    def peer(self, watched: Watched, status: str, **said: str) -> None:
        watched.mirror.peer_changed(PeerReport("2001", status, **said))
        watched.mirror.flush()

    def listed(self, watched: Watched) -> None:
        watched.mirror.peer_listed(self.OK)
        watched.mirror.flush()

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
        self.listed(up)
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

    async def test_a_snapshot_replaces_what_was_known(self, up: Watched) -> None:
        self.listed(up)
        up.mirror.snapshot_begin()
        await up.mirror.snapshot_end()
        assert up.statuses() == [("2001", Status.OK), ("2001", Status.BLANK)]

    async def test_one_that_was_given_up_stays_so_whatever_is_not_listed(self, up: Watched) -> None:
        self.listed(up)
        self.peer(up, "Unreachable")
        self.peer(up, "Unregistered", cause="Expired")
        await up.snapshot()
        assert up.mirror.state_of("2001").status is Status.UNKNOWN
        up.mirror.link_down("cut")
        await up.snapshot()
        assert up.mirror.state_of("2001").status is Status.UNKNOWN
