"""Asterisk's words about contacts, and what the Extensions screen makes of them."""

import pytest

from pbxbridge.mirror.address import host_and_port
from pbxbridge.mirror.contact_state import (
    ContactReport,
    Contacts,
    contacts_after,
    endpoint_state,
)
from pbxbridge.mirror.endpoint import EndpointState, Status

OLD = "sip:1001@127.0.0.1:5062"
NEW = "sip:1001@127.0.0.1:5064"


def state_after(*reports: tuple[str, str], monitored: bool = True) -> EndpointState:
    contacts: Contacts = {}
    for status, uri in reports:
        contacts = contacts_after(contacts, ContactReport("1001", uri, status, "1500"))
    return endpoint_state("1001", contacts, monitored=monitored)


def shown(status: Status, port: int = 5062, rtt_ms: float | None = None) -> EndpointState:
    return EndpointState("1001", status, "127.0.0.1", port, rtt_ms)


BLANK = EndpointState("1001")
OK = shown(Status.OK, rtt_ms=1.5)
GIVEN_UP = [("Unreachable", OLD), ("Removed", OLD)]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], BLANK),
        ([("Reachable", OLD)], OK),
        ([("Unreachable", OLD)], shown(Status.UNREACHABLE)),
        ([("NonQualified", OLD)], shown(Status.UNKNOWN)),
        ([("Unqualified", OLD)], shown(Status.UNKNOWN)),
        ([("Unknown", OLD)], shown(Status.UNKNOWN)),
        ([("a word of tomorrow", OLD)], shown(Status.UNKNOWN)),
        ([("Reachable", OLD), ("Removed", OLD)], BLANK),
        ([("NonQualified", OLD), ("Removed", OLD)], BLANK),
        ([("Reachable", OLD), ("Unreachable", OLD), ("Reachable", OLD)], OK),
    ],
)
def test_one_contact_gives_the_status(
    reports: list[tuple[str, str]], expected: EndpointState
) -> None:
    assert state_after(*reports) == expected


@pytest.mark.parametrize("word", ["Reachable", "Unreachable", "NonQualified", "Unknown"])
def test_an_endpoint_that_is_not_qualified_is_unmonitored_and_keeps_its_address(word: str) -> None:
    assert state_after((word, OLD), monitored=False) == shown(Status.UNMONITORED)


def test_an_endpoint_that_is_not_qualified_is_blank_once_it_unregistered() -> None:
    assert state_after(("NonQualified", OLD), ("Removed", OLD), monitored=False) == BLANK


def test_a_word_of_tomorrow_is_kept_as_it_is() -> None:
    contacts = contacts_after({}, ContactReport("1001", OLD, "Hibernating"))
    assert contacts[OLD].word == "Hibernating"
    assert contacts_after(contacts, ContactReport("1001", OLD, "Reachable"))[OLD].word == ""


class TestGivenUp:
    def test_a_contact_that_expires_unreachable_is_unknown_where_it_was_last_seen(self) -> None:
        assert state_after(*GIVEN_UP) == shown(Status.UNKNOWN)

    def test_removing_it_again_or_another_one_changes_nothing(self) -> None:
        assert state_after(*GIVEN_UP, ("Removed", OLD), ("Removed", NEW)) == shown(Status.UNKNOWN)

    def test_a_new_registration_replaces_it(self) -> None:
        assert state_after(*GIVEN_UP, ("NonQualified", NEW), ("Removed", NEW)) == BLANK

    def test_it_is_not_kept_beside_a_contact_that_is_there(self) -> None:
        assert state_after(("Reachable", NEW), *GIVEN_UP, ("Removed", NEW)) == BLANK


class TestSeveralContacts:
    def test_a_phone_that_moved_shows_its_new_port_though_the_old_uri_goes_last(self) -> None:
        moved = [("Reachable", OLD), ("Reachable", NEW)]
        assert state_after(*moved).port == 5064
        assert state_after(*moved, ("Removed", OLD)) == shown(Status.OK, 5064, 1.5)

    @pytest.mark.parametrize(
        ("better", "worse"),
        [
            ("Reachable", "NonQualified"),
            ("Reachable", "Unreachable"),
            ("NonQualified", "Unreachable"),
        ],
    )
    def test_the_best_one_is_shown_whichever_came_last(self, better: str, worse: str) -> None:
        assert state_after((better, OLD), (worse, NEW)).port == 5062
        assert state_after((worse, NEW), (better, OLD)).port == 5062

    def test_when_the_last_answering_one_unregisters_the_other_is_shown(self) -> None:
        state = state_after(("Unreachable", OLD), ("Reachable", NEW), ("Removed", NEW))
        assert state == shown(Status.UNREACHABLE)

    def test_news_of_one_does_not_make_it_the_newest(self) -> None:
        assert state_after(("Reachable", OLD), ("Reachable", NEW), ("Reachable", OLD)).port == 5064


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sip:1001@127.0.0.1:5062", ("127.0.0.1", 5062)),
        ("sip:1001@192.0.2.7", ("192.0.2.7", 5060)),
        ("sips:1001@192.0.2.7", ("192.0.2.7", 5061)),
        ("sip:1001@192.0.2.7;transport=TLS", ("192.0.2.7", 5061)),
        ("sip:192.0.2.7:5070", ("192.0.2.7", 5070)),
        ("sip:192.0.2.7;transport=tcp;ob", ("192.0.2.7", 5060)),
        ("sip:u@192.0.2.7:5070;x-ast-orig-host=10.0.0.3:5060", ("192.0.2.7", 5070)),
        ("<sip:1001@192.0.2.7:5070>", ("192.0.2.7", 5070)),
        ("sip:user:pass;x=1@192.0.2.7:5070?Subject=hi", ("192.0.2.7", 5070)),
        ("sip:1001@[::1]:5062", ("::1", 5062)),
        ("sip:[2001:db8::7];transport=udp", ("2001:db8::7", 5060)),
        ("sip:1001@phone.example:5062", ("phone.example", 5062)),
        ("", ("", 0)),
        ("nonsense", ("", 0)),
        ("sip:1001@", ("", 0)),
    ],
)
def test_host_and_port_of_a_contact(uri: str, expected: tuple[str, int]) -> None:
    assert host_and_port(uri) == expected


@pytest.mark.parametrize(
    ("usec", "expected"), [("1500", 1.5), ("0", None), ("N/A", None), ("", None), ("-3", None)]
)
def test_the_round_trip_is_in_milliseconds_or_unknown(usec: str, expected: float | None) -> None:
    contacts = contacts_after({}, ContactReport("1001", OLD, "Reachable", usec))
    assert endpoint_state("1001", contacts, monitored=True).rtt_ms == expected
