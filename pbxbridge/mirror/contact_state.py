"""What Asterisk's words about contacts mean for an endpoint: pure rules, no I/O.

Source: ContactStatus and ContactStatusDetail of Asterisk 22 (res/res_pjsip/pjsip_options.c), and
what a real Asterisk sent when phones registered, moved, fell silent and un-registered.

Values are named tuples and the common case comes first: this runs 100,000 times a second in a
storm.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

from pbxbridge.mirror.address import host_and_port
from pbxbridge.mirror.endpoint import EndpointState, Status


class ContactReport(NamedTuple):
    """What Asterisk says of one contact, in its own words.

    ``status`` is Reachable, Unreachable, NonQualified, Unknown or Removed;
    ``roundtrip_usec`` is the last qualify's round trip in microseconds, a number or ``N/A``;
    ``user_agent`` is None where Asterisk does not say it, as in ContactStatus.
    """

    aor: str
    uri: str
    status: str
    roundtrip_usec: str = ""
    user_agent: str | None = None

    @property
    def is_removal(self) -> bool:
        """Whether the contact is gone."""
        return self.status == REMOVED


class Reach(IntEnum):
    """How a contact stands; greater ones win when an AOR has several."""

    GIVEN_UP = 1  # it expired while it was unreachable
    UNREACHABLE = 2
    # A phone that has just registered is likelier to be there than one that does not answer.
    UNPROBED = 3
    REACHABLE = 4


class Contact(NamedTuple):
    """Where a device registered and whether it answers.

    ``ip`` and ``port`` are those of the URI; ``rtt_ms`` is in milliseconds, ``user_agent`` None
    until Asterisk was asked; ``word`` is Asterisk's own where that is none we know.
    """

    uri: str
    ip: str
    port: int
    reach: Reach
    rtt_ms: float | None = None
    user_agent: str | None = None
    word: str = ""

    @classmethod
    def at(
        cls,
        uri: str,
        reach: Reach,
        rtt_ms: float | None = None,
        user_agent: str | None = None,
        word: str = "",
    ) -> Contact:
        """Make the contact of a URI."""
        return cls(uri, *host_and_port(uri), reach, rtt_ms, user_agent, word)


# The contacts of one AOR by URI, in the order in which they appeared.
Contacts: TypeAlias = Mapping[str, Contact]
NO_CONTACTS: Final[Contacts] = {}

REMOVED: Final = "Removed"
_REACH = {
    "Reachable": Reach.REACHABLE,
    "Unreachable": Reach.UNREACHABLE,
    "NonQualified": Reach.UNPROBED,
    "Unqualified": Reach.UNPROBED,
    "Unknown": Reach.UNPROBED,
}
CONTACT_WORDS: Final = frozenset({REMOVED, *_REACH})
_STATUS = {
    Reach.REACHABLE: Status.OK,
    Reach.UNPROBED: Status.UNKNOWN,
    Reach.UNREACHABLE: Status.UNREACHABLE,
    Reach.GIVEN_UP: Status.UNKNOWN,
}


def contacts_after(contacts: Contacts, report: ContactReport) -> Contacts:
    """Return an AOR's contacts as they are after the report."""
    if report.status == REMOVED:
        return _after_removal(contacts, report.uri)
    contact = _reported(contacts.get(report.uri), report)
    if not contacts or (len(contacts) == 1 and report.uri in contacts):
        return {report.uri: contact}
    alive = {uri: one for uri, one in contacts.items() if one.reach is not Reach.GIVEN_UP}
    alive[report.uri] = contact
    return alive


def contacts_unlisted(contacts: Contacts) -> Contacts:
    """Return what is left of contacts that a list of all has no more.

    What was unreachable has expired while nobody listened: Asterisk gave up, as it would have said.
    """
    if not contacts:
        return contacts
    best = _best(contacts)
    if best.reach in {Reach.UNREACHABLE, Reach.GIVEN_UP}:
        return {best.uri: best._replace(reach=Reach.GIVEN_UP)}
    return NO_CONTACTS


def is_given_up(contacts: Contacts) -> bool:
    """Tell whether a device's registration expired while it was unreachable."""
    return any(one.reach is Reach.GIVEN_UP for one in contacts.values())


def is_probed(contacts: Contacts) -> bool:
    """Tell whether there are contacts, and each of them answered or did not when it was asked."""
    probed = {Reach.REACHABLE, Reach.UNREACHABLE}
    return bool(contacts) and all(one.reach in probed for one in contacts.values())


def is_all_told(contacts: Contacts) -> bool:
    """Tell whether there is nothing about these contacts that could be asked."""
    return all(
        one.reach is not Reach.UNPROBED and one.user_agent is not None for one in contacts.values()
    )


def with_user_agent(contacts: Contacts, told: tuple[str, str]) -> Contacts:
    """Return an AOR's contacts with what the device at one of them, a URI, calls itself."""
    uri, user_agent = told
    if uri not in contacts:
        return contacts
    return {**contacts, uri: contacts[uri]._replace(user_agent=user_agent)}


def endpoint_state(endpoint: str, contacts: Contacts, *, monitored: bool) -> EndpointState:
    """Fold an AOR's contacts into what the screen shows: the best one, the newest among equals."""
    if not contacts:
        return EndpointState(endpoint)
    best = _best(contacts)
    agent = best.user_agent or ""
    if monitored or best.reach is Reach.GIVEN_UP:
        return EndpointState(endpoint, _STATUS[best.reach], best.ip, best.port, best.rtt_ms, agent)
    # Asterisk may repeat what it measured before qualify was turned off: it is no longer watched.
    return EndpointState(endpoint, Status.UNMONITORED, best.ip, best.port, None, agent)


def _best(contacts: Contacts) -> Contact:
    if len(contacts) == 1:
        return next(iter(contacts.values()))
    return max(reversed(list(contacts.values())), key=lambda contact: contact.reach)


def _reported(known: Contact | None, report: ContactReport) -> Contact:
    _, uri, status, usec, agent = report
    reach = _REACH.get(status)
    word = ""
    if reach is None:
        reach, word = Reach.UNPROBED, status
    rtt_ms = None
    if reach is Reach.REACHABLE and usec.isdecimal() and len(usec) <= 12:
        rtt_ms = float(usec) / 1000 or None
    if known is None:
        return Contact.at(uri, reach, rtt_ms, agent, word)
    if agent is None:
        agent = known.user_agent
    return Contact(uri, known.ip, known.port, reach, rtt_ms, agent, word)


def _after_removal(contacts: Contacts, uri: str) -> Contacts:
    removed = contacts.get(uri)
    if removed is None:
        # A phone that moved: Removed of its old URI comes after the new one was reported, or was
        # reported before the snapshot.
        return contacts
    alive = {
        key: one for key, one in contacts.items() if key != uri and one.reach is not Reach.GIVEN_UP
    }
    if alive or removed.reach not in {Reach.UNREACHABLE, Reach.GIVEN_UP}:
        return alive
    return {uri: removed._replace(reach=Reach.GIVEN_UP)}
