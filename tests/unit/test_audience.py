"""Who is told what: the administrator all, everybody their own."""

from datetime import UTC, datetime

import pytest

from pbxbridge.events import (
    AlertsChanged,
    EndpointsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
)
from web.audience import Audience

OWN = frozenset({"1001"})
CASES: list[tuple[Event, bool, bool]] = [
    # event, told to the administrator, told to a user; both own 1001
    (EndpointsChanged(frozenset({"1001"})), True, True),
    (EndpointsChanged(frozenset({"1002"})), True, False),
    (ExtensionSaved("1001", True), True, True),
    (ExtensionSaved("1002", True), True, False),
    (ExtensionDeleted("1002"), True, False),
    (MailboxChanged("1001", "default"), True, True),
    (MailboxChanged("1002", "default"), True, False),
    (OutboxChanged(), True, False),
    (AlertsChanged(), True, False),
    (InvitationsChanged(), True, False),
    (LinkChanged("asterisk", False, datetime.now(UTC), "gone"), True, True),
    (Overflowed(), True, True),
]


@pytest.mark.parametrize(("event", "administrator", "user"), CASES)
def test_an_event_reaches_whom_it_is_meant_for(
    event: Event, administrator: bool, user: bool
) -> None:
    assert Audience(sees_all=True, own=OWN).share_of(event) == (event if administrator else None)
    assert Audience(sees_all=False, own=OWN).share_of(event) == (event if user else None)


def test_of_many_endpoints_a_user_is_told_of_their_own() -> None:
    event = EndpointsChanged(frozenset({"1001", "1002"}))
    assert Audience(sees_all=True, own=OWN).share_of(event) == event
    share = Audience(sees_all=False, own=OWN).share_of(event)
    assert share == EndpointsChanged(frozenset({"1001"}))
