"""One trunk in, the rows of chan_pjsip out. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from dialplan.inbound import FROM_TRUNK
from pbxbridge.realtime.auth_row import auth_columns
from pbxbridge.realtime.rows import CODECS, Columns

# Seconds.
EXPIRATION = 600
RETRY_INTERVAL = 30
_ID_PREFIX = "trunk-"


@dataclass(frozen=True, slots=True)
class TrunkFacts:
    """All that Asterisk has to know of a trunk; ``qualify_frequency`` is in seconds, 0 for never.

    ``username`` is empty for a carrier that knows us by our address.
    """

    name: str
    host: str
    port: int
    registers: bool
    username: str
    addresses: Sequence[str]
    qualify_frequency: int
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TrunkRows:
    """The rows of one trunk; None where there is no row."""

    endpoint: Columns
    aor: Columns
    auth: Columns | None
    registration: Columns | None
    identify: Sequence[Columns]


def trunk_id(name: str) -> str:
    """Return the id of a trunk's endpoint, AOR and auth; no extension has a hyphen."""
    return f"{_ID_PREFIX}{name}"


def trunk_name(id_: str) -> str:
    """Return the name of the trunk that has this id; empty if it is no trunk's."""
    return id_[len(_ID_PREFIX) :] if id_.startswith(_ID_PREFIX) else ""


def trunk_rows(facts: TrunkFacts) -> TrunkRows:
    """Return the rows that make a trunk real."""
    name = trunk_id(facts.name)
    address = f"sip:{facts.host}:{facts.port}"
    return TrunkRows(
        endpoint=_endpoint(name, facts),
        aor={
            "id": name,
            "max_contacts": 1,
            "remove_existing": "yes",
            "qualify_frequency": facts.qualify_frequency,
            "contact": address,
        },
        # In clear: the carrier chooses the realm, of which a digest would have to be.
        auth=auth_columns(name, facts.username, facts.secret) if facts.username else None,
        registration=_registration(name, facts, address) if facts.registers else None,
        identify=[
            {"id": f"{name}-{place}", "endpoint": name, "match": match}
            for place, match in enumerate(matches(facts.host, facts.addresses))
        ],
    )


def matches(host: str, addresses: Sequence[str]) -> list[str]:
    """Return from where calls are the trunk's: the host if it is an address, and ``addresses``.

    A host name is not among them: Asterisk would ask the DNS at every SIP request.
    """
    try:
        found = [str(ipaddress.ip_address(host))]
    except ValueError:
        found = []
    return list(dict.fromkeys([*found, *addresses]))


def _endpoint(name: str, facts: TrunkFacts) -> Columns:
    return {
        "id": name,
        "aors": name,
        # A carrier does not show who it is by a secret, but by its address or our registration.
        "auth": "",
        "identify_by": "ip",
        "outbound_auth": name if facts.username else "",
        "context": FROM_TRUNK,
        "disallow": "all",
        "allow": CODECS,
        "dtmf_mode": "rfc4733",
        "direct_media": "no",
        "force_rport": "yes",
        "rewrite_contact": "no",
        "rtp_symmetric": "yes",
        "callerid": "",
        "mailboxes": "",
        "named_call_group": "",
        "named_pickup_group": "",
        "set_var": f"FROM_TRUNK={facts.name}",
    }


def _registration(name: str, facts: TrunkFacts, address: str) -> Columns:
    return {
        "id": name,
        "server_uri": address,
        "client_uri": f"sip:{facts.username}@{facts.host}:{facts.port}",
        "contact_user": facts.username,
        "outbound_auth": name,
        "endpoint": name,
        "line": "yes",
        "expiration": EXPIRATION,
        "retry_interval": RETRY_INTERVAL,
        "forbidden_retry_interval": RETRY_INTERVAL,
        "fatal_retry_interval": RETRY_INTERVAL,
        # For ever: a carrier that is down for a day comes back without anybody's help.
        "max_retries": 1_000_000,
        "max_random_initial_delay": 1,
        "auth_rejection_permanent": "no",
    }
