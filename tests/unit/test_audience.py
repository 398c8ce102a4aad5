"""Who is told what: the administrator all, everybody their own."""

from datetime import UTC, datetime

import pytest

from pbxbridge.events import (
    AlertsChanged,
    CallCentreSaved,
    CallsChanged,
    EndpointsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
    QueuesChanged,
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
    (CallCentreSaved(), True, False),
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


NOBODY: frozenset[str] = frozenset()
SOME = QueuesChanged(frozenset({"sales"}), frozenset({"1001", "1002"}), frozenset({"101"}))


def test_outside_the_wallboard_agents_are_told_of_to_who_looks_after_them_alone() -> None:
    share = Audience(sees_all=True, own=OWN).share_of(SOME)
    assert share == QueuesChanged(NOBODY, SOME.numbers, SOME.agents)
    share = Audience(sees_all=False, own=OWN).share_of(SOME)
    assert share == QueuesChanged(NOBODY, OWN, NOBODY)
    assert Audience(sees_all=False).share_of(SOME) is None
    maybe_all = QueuesChanged(None, None, None)
    share = Audience(sees_all=False, own=OWN).share_of(maybe_all)
    assert share == QueuesChanged(NOBODY, None, NOBODY)


@pytest.mark.parametrize(
    ("watched", "told"), [("*", {"sales"}), ("sales", {"sales"}), ("support", None)]
)
def test_a_wallboard_is_told_of_its_queues_alone(watched: str, told: set[str] | None) -> None:
    share = Audience(sees_all=False, own=OWN, queues=watched).share_of(SOME)
    assert share == (QueuesChanged(frozenset(told), NOBODY, NOBODY) if told else None)


@pytest.mark.parametrize("event", [EndpointsChanged(OWN), CallsChanged(None), SOME])
def test_a_wallboard_of_another_queue_hears_nothing_of_phones(event: Event) -> None:
    assert Audience(sees_all=True, own=OWN, queues="support").share_of(event) is None


@pytest.mark.parametrize(
    "event",
    [
        CallCentreSaved(),
        Overflowed(),
        LinkChanged("asterisk", False, datetime.now(UTC), "gone"),
        QueuesChanged(None, NOBODY, NOBODY),
    ],
)
def test_a_wallboard_hears_what_may_change_all_of_it(event: Event) -> None:
    assert Audience(sees_all=False, queues="support").share_of(event) == event
