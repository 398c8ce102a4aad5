"""When the mirror tells what changed."""

from __future__ import annotations

import asyncio

import pytest

from pbxbridge.asterisk.telling import Telling
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.mirror import Mirror
from tests.eventually import eventually
from tests.fakes.recording_watcher import RecordingWatcher


class Told:
    """A mirror, what it told, and who has it tell."""

    def __init__(self) -> None:
        self.watcher = RecordingWatcher()
        self.mirror = Mirror("asterisk", self.watcher)
        self.telling = Telling(self.mirror)

    def hear(self, number: str) -> None:
        """Hear that a phone answered."""
        self.mirror.track(number, monitored=True)
        report = ContactReport(number, f"sip:{number}@127.0.0.1:5062", "Reachable")
        self.mirror.contact_changed(report)
        self.telling.soon()

    def numbers(self) -> list[str]:
        return [state.endpoint for state in self.watcher.states]


@pytest.fixture
async def told() -> Told:
    return Told()


async def test_the_first_is_told_at_once_and_the_next_after_a_moment(told: Told) -> None:
    told.hear("1001")
    assert told.numbers() == ["1001"]
    told.mirror.contact_changed(ContactReport("1001", "sip:1001@127.0.0.1:5062", "Unreachable"))
    told.telling.soon()
    assert told.numbers() == ["1001"]
    await eventually(lambda: told.numbers() == ["1001", "1001"])


async def test_very_many_are_told_without_a_pause(told: Told) -> None:
    for number in range(1500):
        told.mirror.track(str(number), monitored=True)
    told.hear("0")
    for number in range(1500):
        uri = f"sip:{number}@127.0.0.1:5064"
        told.mirror.contact_changed(ContactReport(str(number), uri, "Reachable"))
    told.telling.soon()
    assert len(told.numbers()) == 1501


async def test_nothing_is_told_once_it_has_stopped(told: Told) -> None:
    told.hear("1001")
    told.mirror.contact_changed(ContactReport("1001", "sip:1001@127.0.0.1:5062", "Unreachable"))
    told.telling.soon()
    told.telling.stop()
    await asyncio.sleep(0.1)  # longer than any pause
    assert told.numbers() == ["1001"]
