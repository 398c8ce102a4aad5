"""A contact that Asterisk was told to forget is no longer shown, whatever is still said of it."""

from __future__ import annotations

import pytest

from pbxbridge.events import Technology
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.endpoint import Status
from pbxbridge.mirror.leaving import LISTED_SECONDS, Leaving
from pbxbridge.mirror.mirror import Mirror
from tests.fakes.recording_watcher import RecordingWatcher

OLD, NEW = "sip:1001@127.0.0.1:5062", "sip:1001@127.0.0.1:5064"


class Clock:
    """Tells the time that a test wants."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def mirror() -> Mirror:
    """A mirror of one endpoint, connected."""
    mirror = Mirror("asterisk", RecordingWatcher())
    mirror.track("1001", True)
    mirror.link_up()
    return mirror


def said(mirror: Mirror, status: str, uri: str = OLD) -> Status:
    """Have Asterisk say this of a contact; return what is shown then."""
    mirror.contact_changed(ContactReport("1001", uri, status))
    mirror.flush()
    return mirror.state_of("1001").status


def succeeded(mirror: Mirror) -> None:
    """Delete the extension, have Asterisk told of it, and make a new one of that number."""
    mirror.untrack("1001")
    mirror.contacts_forgotten("1001")
    mirror.track("1001", True)


@pytest.mark.parametrize("before", ["Reachable", "Unreachable", "NonQualified"])
def test_a_successor_begins_with_nothing_and_shows_its_own_phone(
    mirror: Mirror, before: str
) -> None:
    said(mirror, before)
    succeeded(mirror)
    assert mirror.state_of("1001").status is Status.BLANK
    assert said(mirror, "Unreachable") is Status.BLANK
    assert said(mirror, "Reachable", NEW) is Status.OK
    assert said(mirror, "Removed") is Status.OK
    assert mirror.state_of("1001").port == 5064


def test_the_same_address_counts_again_once_the_old_contact_was_removed(mirror: Mirror) -> None:
    said(mirror, "Reachable")
    succeeded(mirror)
    assert said(mirror, "Removed") is Status.BLANK
    assert said(mirror, "Reachable") is Status.OK


async def test_a_list_that_still_has_the_old_contact_shows_nothing_of_it(mirror: Mirror) -> None:
    said(mirror, "Unreachable")
    succeeded(mirror)
    mirror.snapshot_begin()
    mirror.snapshot_item(ContactReport("1001", OLD, "Unreachable"))
    await mirror.snapshot_end()
    assert mirror.state_of("1001").status is Status.BLANK


def test_what_is_given_up_after_the_deletion_is_not_kept_for_a_successor(mirror: Mirror) -> None:
    said(mirror, "Unreachable")
    mirror.untrack("1001")
    said(mirror, "Removed")
    mirror.track("1001", True)
    assert mirror.state_of("1001").status is Status.BLANK


def test_another_type_of_device_and_back_shows_nothing_of_the_old_one(mirror: Mirror) -> None:
    said(mirror, "Unreachable")
    mirror.track("1001", True, Technology.NONE)
    mirror.contacts_forgotten("1001")
    mirror.track("1001", True)
    assert said(mirror, "Removed") is Status.BLANK


def test_what_is_still_there_long_after_is_asked_about() -> None:
    clock = Clock()
    leaving = Leaving(clock)
    leaving.add("1001", [OLD])
    clock.seconds = LISTED_SECONDS - 1
    assert not leaving.lapse()
    assert leaving.hides(ContactReport("1001", OLD, "Reachable"))
    clock.seconds = LISTED_SECONDS
    assert leaving.lapse()
    assert not leaving.hides(ContactReport("1001", OLD, "Reachable"))
    assert not leaving.lapse()
