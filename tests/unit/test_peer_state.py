"""Asterisk's words about IAX2 peers, and what the Extensions screen makes of them."""

import pytest

from pbxbridge.mirror.contact_state import Contacts, endpoint_state
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.peer_state import (
    PeerListing,
    PeerReport,
    contacts_after_listing,
    contacts_after_report,
    needs_a_look,
)

REGISTERED = PeerReport("2001", "Registered", "192.0.2.7")
REACHABLE = PeerReport("2001", "Reachable", time="12")
LAGGED = PeerReport("2001", "Lagged", time="2100")
UNREACHABLE = PeerReport("2001", "Unreachable")
EXPIRED = PeerReport("2001", "Unregistered", cause="Expired")
SIGNED_OFF = PeerReport("2001", "Unregistered")
BLANK = EndpointState("2001")

Word = PeerReport | PeerListing


def listed(status: str, address: str = "192.0.2.7", port: int = 4570) -> PeerListing:
    return PeerListing("2001", address, port, status)


OK = listed("OK (3 ms)")
ABSENT = listed("OK (3 ms)", "", 0)


def contacts_after(*words: Word) -> Contacts:
    contacts: Contacts = {}
    for word in words:
        if isinstance(word, PeerReport):
            contacts = contacts_after_report(contacts, word)
        else:
            contacts = contacts_after_listing(contacts, word)
    return contacts


def state_after(*words: Word, monitored: bool = True) -> EndpointState:
    return endpoint_state("2001", contacts_after(*words), monitored=monitored)


def shown(status: Status, rtt_ms: float | None = None, port: int = 4570) -> EndpointState:
    return EndpointState("2001", status, "192.0.2.7", port, rtt_ms)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], BLANK),
        ([REGISTERED], shown(Status.UNKNOWN, port=0)),
        ([REGISTERED, listed("UNKNOWN")], shown(Status.UNKNOWN)),
        ([REGISTERED, OK], shown(Status.OK, 3)),
        ([OK, LAGGED], shown(Status.OK, 2100)),
        ([listed("LAGGED (2100 ms)")], shown(Status.OK, 2100)),
        ([OK, UNREACHABLE], shown(Status.UNREACHABLE)),
        ([listed("UNREACHABLE")], shown(Status.UNREACHABLE)),
        ([OK, UNREACHABLE, REACHABLE], shown(Status.OK, 12)),
        ([OK, EXPIRED], BLANK),
        ([OK, SIGNED_OFF], BLANK),
        ([OK, UNREACHABLE, EXPIRED], shown(Status.UNKNOWN)),
        ([OK, UNREACHABLE, SIGNED_OFF], BLANK),
        ([OK, UNREACHABLE, EXPIRED, EXPIRED], shown(Status.UNKNOWN)),
        ([OK, UNREACHABLE, EXPIRED, REGISTERED, OK], shown(Status.OK, 3)),
        ([OK, REGISTERED], shown(Status.UNKNOWN, port=0)),
        ([EXPIRED], BLANK),
        ([OK, PeerReport("2001", "Rejected", "192.0.2.99")], shown(Status.OK, 3)),
        ([OK, PeerReport("2001", "a word of tomorrow")], shown(Status.OK, 3)),
    ],
)
def test_a_peer_gives_the_status(words: list[Word], expected: EndpointState) -> None:
    assert state_after(*words) == expected


def test_an_old_status_without_an_address_is_not_a_registration() -> None:
    assert state_after(ABSENT) == BLANK
    assert state_after(OK, ABSENT) == BLANK


def test_the_list_does_not_take_away_that_a_device_was_given_up() -> None:
    assert state_after(OK, UNREACHABLE, EXPIRED, ABSENT) == shown(Status.UNKNOWN)


@pytest.mark.parametrize("status", ["Unmonitored", "OK (3 ms)", "UNREACHABLE"])
def test_a_peer_that_is_not_qualified_is_unmonitored_and_keeps_its_address(status: str) -> None:
    assert state_after(listed(status), monitored=False) == shown(Status.UNMONITORED)


def test_an_address_of_ipv6_is_shown_without_brackets() -> None:
    state = state_after(listed("OK (3 ms)", "2001:db8::7", 4571))
    assert (state.ip, state.port) == ("2001:db8::7", 4571)


@pytest.mark.parametrize(
    ("words", "monitored", "needed"),
    [
        ([], True, False),
        ([REGISTERED], True, True),
        ([REGISTERED], False, True),
        ([REGISTERED, listed("UNKNOWN")], True, True),
        ([REGISTERED, listed("Unmonitored")], False, False),
        ([REGISTERED, OK], True, False),
        ([OK, UNREACHABLE], True, False),
        ([REACHABLE], True, True),
        ([OK, UNREACHABLE, EXPIRED], True, False),
    ],
)
def test_the_list_is_wanted_for_a_port_or_a_first_answer(
    words: list[Word], monitored: bool, needed: bool
) -> None:
    assert needs_a_look(contacts_after(*words), monitored=monitored) is needed
