"""What Asterisk's words about contacts mean for an endpoint: pure rules, no I/O.

Source: ContactStatus and ContactStatusDetail of Asterisk 22 (res/res_pjsip/pjsip_options.c), and
what a real Asterisk sent when phones registered, moved, fell silent and un-registered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias

from pbxbridge.mirror.endpoint import EndpointState, Status


@dataclass(frozen=True, slots=True)
class ContactReport:
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
        return self.status == _REMOVED


class Reach(Enum):
    """How a contact stands; later members win when an AOR has several."""

    GIVEN_UP = auto()  # it expired while it was unreachable
    UNREACHABLE = auto()
    # A phone that has just registered is likelier to be there than one that does not answer.
    UNPROBED = auto()
    REACHABLE = auto()


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a device registered and whether it answers.

    ``rtt_ms`` is in milliseconds, ``user_agent`` None until Asterisk was asked.
    """

    uri: str
    reach: Reach
    rtt_ms: float | None = None
    user_agent: str | None = None


# The contacts of one AOR by URI, in the order in which they appeared.
Contacts: TypeAlias = Mapping[str, Contact]

_REMOVED = "Removed"
_REACH = {"Reachable": Reach.REACHABLE, "Unreachable": Reach.UNREACHABLE}
_STATUS = {
    Reach.REACHABLE: Status.OK,
    Reach.UNPROBED: Status.UNKNOWN,
    Reach.UNREACHABLE: Status.UNREACHABLE,
    Reach.GIVEN_UP: Status.UNKNOWN,
}
# RFC 3261 section 19.1.1: the host ends where ports, parameters or headers begin.
_HOST_AND_PORT = re.compile(
    r"\[(?P<ipv6>[^\]]*)\](?::(?P<port6>\d+))?|(?P<host>[^:;?>]*)(?::(?P<port>\d+))?"
)


def contacts_after(contacts: Contacts, report: ContactReport) -> dict[str, Contact]:
    """Return an AOR's contacts as they are after the report."""
    alive = {uri: one for uri, one in contacts.items() if one.reach is not Reach.GIVEN_UP}
    if not report.is_removal:
        reach = _REACH.get(report.status, Reach.UNPROBED)
        rtt_ms, user_agent = _rtt_ms(reach, report.roundtrip_usec), report.user_agent
        if user_agent is None and (known := contacts.get(report.uri)):
            user_agent = known.user_agent
        alive[report.uri] = Contact(report.uri, reach, rtt_ms, user_agent)
        return alive
    removed = contacts.get(report.uri)
    if removed is None:
        # A phone that moved: Removed of its old URI comes after the new one was reported, or was
        # reported before the snapshot.
        return dict(contacts)
    alive.pop(report.uri, None)
    if alive or removed.reach not in {Reach.UNREACHABLE, Reach.GIVEN_UP}:
        return alive
    return {report.uri: replace(removed, reach=Reach.GIVEN_UP)}


def is_given_up(contacts: Contacts) -> bool:
    """Tell whether a device's registration expired while it was unreachable."""
    return any(one.reach is Reach.GIVEN_UP for one in contacts.values())


def with_user_agent(contacts: Contacts, uri: str, user_agent: str) -> Contacts:
    """Return an AOR's contacts with what the device at one of them calls itself."""
    if uri not in contacts:
        return contacts
    return {**contacts, uri: replace(contacts[uri], user_agent=user_agent)}


def endpoint_state(endpoint: str, contacts: Contacts, *, monitored: bool) -> EndpointState:
    """Fold an AOR's contacts into what the screen shows: the best one, the newest among equals."""
    if not contacts:
        return EndpointState(endpoint)
    best = max(reversed(list(contacts.values())), key=lambda contact: contact.reach.value)
    host, port = host_and_port(best.uri)
    user_agent = best.user_agent or ""
    if monitored or best.reach is Reach.GIVEN_UP:
        return EndpointState(endpoint, _STATUS[best.reach], host, port, best.rtt_ms, user_agent)
    # Asterisk may repeat what it measured before qualify was turned off: it is no longer watched.
    return EndpointState(endpoint, Status.UNMONITORED, host, port, user_agent=user_agent)


def host_and_port(uri: str) -> tuple[str, int]:
    """Return the host (an IPv6 address without brackets) and port of a SIP URI.

    A URI without a port means 5060, or 5061 where TLS is asked for (RFC 3261 section 19.1.2).
    """
    scheme, _, rest = uri.strip().lstrip("<").partition(":")
    match = _HOST_AND_PORT.match(rest.rpartition("@")[2])
    if match is None or not (host := match["ipv6"] or match["host"]):
        return "", 0
    tls = scheme.lower() == "sips" or re.search(r";transport=tls\b", rest, re.IGNORECASE)
    return host, int(match["port6"] or match["port"] or (5061 if tls else 5060))


def _rtt_ms(reach: Reach, roundtrip_usec: str) -> float | None:
    if reach is not Reach.REACHABLE or not roundtrip_usec.isdecimal():
        return None
    return int(roundtrip_usec) / 1000 or None
