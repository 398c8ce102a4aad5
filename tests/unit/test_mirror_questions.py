"""What the mirror would like to have asked of Asterisk."""

from __future__ import annotations

import asyncio

import pytest

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.endpoint import Status
from tests.unit.watched_mirror import URI, Watched


@pytest.fixture
def watched() -> Watched:
    return Watched()


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
        await watched.snapshot(("1001", "NonQualified"))
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
        watched.told()
        watched.mirror.user_agent_told("1001", URI, "Desk phone 1.2")
        assert [state.user_agent for state in watched.told()] == ["Desk phone 1.2"]
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
        await watched.mirror.snapshot_end()
        assert self.agent(watched) == "Desk phone 1.2"
        assert await self.next_one(watched) is None
