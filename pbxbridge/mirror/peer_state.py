"""What Asterisk's words about IAX2 peers mean for an endpoint: pure rules, no I/O.

A peer has one address or none, kept as one contact with an ``iax:`` URI (RFC 5456 section 5), so
what a screen shows of it follows from the same rules as for SIP.

Source: PeerStatus and IAXpeerlist of Asterisk 22 (channels/chan_iax2.c), and what a real Asterisk
sent when a second one registered, moved, fell silent and expired.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pbxbridge.mirror.address import uri_of
from pbxbridge.mirror.contact_state import (
    NO_CONTACTS,
    Contact,
    Contacts,
    Reach,
    is_given_up,
)


class PeerReport(NamedTuple):
    """The event PeerStatus of an IAX2 peer, in Asterisk's own words.

    ``status`` is Registered (with ``address``), Unregistered (with ``cause`` Expired, or none when
    the device signed off), Reachable or Lagged (with ``time`` in milliseconds), or Unreachable.
    """

    peer: str
    status: str
    address: str = ""
    cause: str = ""
    time: str = ""


class PeerListing(NamedTuple):
    """One peer of the list IAXpeerlist; ``address`` is empty for one that is not registered.

    ``status`` is ``OK (3 ms)``, ``LAGGED (2100 ms)``, UNREACHABLE, UNKNOWN before the first
    qualify, or Unmonitored. It may be old where there is no address.
    """

    peer: str
    address: str
    port: int
    status: str


REPORT_WORDS: Final = frozenset(
    {"Registered", "Reachable", "Lagged", "Unreachable", "Unregistered", "Rejected"}
)
_NOT_ANSWERED = {
    "UNREACHABLE": Reach.UNREACHABLE,
    "UNKNOWN": Reach.UNPROBED,
    "Unmonitored": Reach.UNPROBED,
}
LISTING_WORDS: Final = frozenset({"OK", "LAGGED", *_NOT_ANSWERED})
_PROBED = re.compile(r"(?:OK|LAGGED) \((?P<ms>\d+) ms\)")


def contacts_after_report(contacts: Contacts, report: PeerReport) -> Contacts:
    """Return a peer's contact as it is after the event."""
    known = next(iter(contacts.values()), None)
    match report.status:
        case "Registered":
            # Sent when the address is another than before; it does not say the port.
            return _one(Contact.at(_uri(report.peer, report.address, 0), Reach.UNPROBED))
        case "Reachable" | "Lagged":
            uri = known.uri if known else _uri(report.peer, "", 0)
            return _one(Contact.at(uri, Reach.REACHABLE, _rtt_ms(report.time)))
        case "Unreachable":
            uri = known.uri if known else _uri(report.peer, "", 0)
            return _one(Contact.at(uri, Reach.UNREACHABLE))
        case "Unregistered":
            return _given_up(known) if report.cause == "Expired" else NO_CONTACTS
        case _:
            return contacts


def contacts_after_listing(contacts: Contacts, listing: PeerListing) -> Contacts:
    """Return a peer's contact as it is by the list."""
    if not listing.address:
        # That it was given up is nothing that the list would say.
        return contacts if is_given_up(contacts) else NO_CONTACTS
    uri = _uri(listing.peer, listing.address, listing.port)
    if probed := _PROBED.fullmatch(listing.status):
        return _one(Contact.at(uri, Reach.REACHABLE, _rtt_ms(probed["ms"])))
    if (reach := _NOT_ANSWERED.get(listing.status)) is not None:
        return _one(Contact.at(uri, reach))
    return _one(Contact.at(uri, Reach.UNPROBED, word=listing.status))


def needs_a_look(contacts: Contacts, *, monitored: bool) -> bool:
    """Tell whether the list knows more of a peer than the events said.

    Of a new registration they leave out the port, and that its first qualify was answered.
    """
    return any(
        one.port == 0 or (monitored and one.reach is Reach.UNPROBED) for one in contacts.values()
    )


def _given_up(known: Contact | None) -> Contacts:
    if known is None or known.reach not in {Reach.UNREACHABLE, Reach.GIVEN_UP}:
        return NO_CONTACTS
    return _one(known._replace(reach=Reach.GIVEN_UP))


def _one(contact: Contact) -> Contacts:
    return {contact.uri: contact}


def _uri(peer: str, address: str, port: int) -> str:
    return uri_of("iax", peer, address, port)


def _rtt_ms(milliseconds: str) -> float | None:
    return float(milliseconds) or None if milliseconds.isdecimal() else None
