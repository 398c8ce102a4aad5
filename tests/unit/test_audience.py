"""Who is told what: the administrator all but voicemail, everybody their own."""

from datetime import UTC, datetime

import pytest

from pbxbridge.events import (
    EndpointStateChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
)
from pbxbridge.mirror.endpoint import EndpointState
from web.audience import Audience

OWN = frozenset({"1001"})
CASES: list[tuple[Event, bool, bool]] = [
    # event, told to the administrator, told to a user; both own 1001
    (EndpointStateChanged(EndpointState("1001")), True, True),
    (EndpointStateChanged(EndpointState("1002")), True, False),
    (ExtensionSaved("1001", True), True, True),
    (ExtensionSaved("1002", True), True, False),
    (ExtensionDeleted("1002"), True, False),
    (MailboxChanged("1001", "default"), True, True),
    (MailboxChanged("1002", "default"), False, False),
    (OutboxChanged(), True, False),
    (LinkChanged(False, datetime.now(UTC), "gone"), True, True),
    (Overflowed(), True, True),
]


@pytest.mark.parametrize(("event", "administrator", "user"), CASES)
def test_an_event_reaches_whom_it_is_meant_for(
    event: Event, administrator: bool, user: bool
) -> None:
    assert Audience(sees_all=True, own=OWN).may_know(event) is administrator
    assert Audience(sees_all=False, own=OWN).may_know(event) is user
