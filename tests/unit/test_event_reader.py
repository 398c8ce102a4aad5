"""What a handler is given of an event, whatever the order and number of its headers."""

from __future__ import annotations

import pytest

from pbxbridge.asterisk.event_reader import EventReader
from pbxbridge.mirror.ami_event import Handler
from pbxbridge.mirror.mirror import Mirror
from tests.fakes.recording_watcher import RecordingWatcher

MIRROR = Mirror("asterisk", RecordingWatcher())


class Given:
    """A reader of two headers and one that may be missing, and what its handler was given."""

    def __init__(self) -> None:
        self.values: list[tuple[str, ...]] = []
        self._reader = EventReader(Handler(self._take, ("AOR", "URI"), ("Usec",)))

    def _take(self, mirror: Mirror, *values: str) -> None:
        assert mirror is MIRROR
        self.values.append(values)

    def of(self, *lines: str) -> tuple[str, ...]:
        """Return what is given of an event with these lines."""
        self._reader.handle("\r\n".join(("Event: ContactStatus", *lines)), MIRROR)
        return self.values[-1]


@pytest.fixture
def given() -> Given:
    """A reader that has learnt how its events look."""
    given = Given()
    assert given.of("URI: sip:a", "X: y", "AOR: 1001", "Usec: 7") == ("1001", "sip:a", "7")
    return given


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["URI: sip:b", "X: y", "AOR: 1002", "Usec: 8"], ("1002", "sip:b", "8")),
        (["URI: sip:b", "X: AOR: 5", "AOR: 1: 2", "Usec: "], ("1: 2", "sip:b", "")),
        (["AOR: 1002", "URI: sip:b", "Usec: 8"], ("1002", "sip:b", "8")),
        (["URI: sip:b", "AOR: 1002"], ("1002", "sip:b", "")),
        (["URI: sip:b", "X: y", "Z: z", "AOR: 1002", "Usec: 8"], ("1002", "sip:b", "8")),
        (["URI: sip:b", "X: y", "AOR: 1", "AOR: 2", "Usec: 8"], ("1\n2", "sip:b", "8")),
        (["no header", "URI: sip:b", "AOR: 1002"], ("1002", "sip:b", "")),
        (["URI: sip:\nb", "X: y", "AOR: 1002", "Usec: 8"], ("1002", "sip:\nb", "8")),
    ],
)
def test_values_are_found_by_name(
    given: Given, lines: list[str], expected: tuple[str, ...]
) -> None:
    assert given.of(*lines) == expected
    assert given.of("URI: sip:c", "X: y", "AOR: 1003", "Usec: 9") == ("1003", "sip:c", "9")


def test_an_event_without_what_it_must_have_is_refused(given: Given) -> None:
    with pytest.raises(KeyError, match="URI"):
        given.of("AOR: 1002", "Usec: 8")


def test_a_handler_may_read_nothing() -> None:
    called: list[Mirror] = []
    reader = EventReader(Handler(called.append, ()))
    for _ in range(2):
        reader.handle("Event: Calm\r\nPrivilege: system,all", MIRROR)
    assert called == [MIRROR, MIRROR]
