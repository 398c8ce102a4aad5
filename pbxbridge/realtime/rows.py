"""One extension in, Asterisk's realtime rows out. Pure: the writer stores what is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dialplan.class_of_service import context_of
from dialplan.extension_row import extension_row

MAILBOX_CONTEXT = "default"

Columns = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class ExtensionFacts:
    """All that Asterisk has to know of one extension.

    ``qualify_frequency`` and ``ring_time`` are in seconds; a frequency of 0 means that the device
    is not monitored. ``pin`` is None for an extension without voicemail.
    """

    number: str
    caller_id_name: str
    secret: str
    class_of_service: str
    pin: str | None
    forward_all: str
    qualify_frequency: int
    ring_time: int


@dataclass(frozen=True, slots=True)
class RealtimeRows:
    """The rows of one extension, one mapping of columns per table; no mailbox, no ``voicemail``."""

    endpoint: Columns
    auth: Columns
    aor: Columns
    mailbox: Columns | None
    dialplan: Columns


def mailbox_of(number: str) -> str:
    """Return the mailbox of an extension in Asterisk's notation, ``1002@default``."""
    return f"{number}@{MAILBOX_CONTEXT}"


def rows_of(facts: ExtensionFacts) -> RealtimeRows:
    """Return the rows that make an extension real."""
    mailbox = mailbox_of(facts.number) if facts.pin is not None else ""
    row = extension_row(
        number=facts.number,
        device=f"PJSIP/{facts.number}",
        mailbox=mailbox,
        ring_time=facts.ring_time,
        forward_all=facts.forward_all,
        class_of_service=facts.class_of_service,
    )
    return RealtimeRows(
        endpoint=_endpoint(facts, mailbox),
        auth={
            "id": facts.number,
            "auth_type": "userpass",
            "username": facts.number,
            "password": facts.secret,
        },
        aor={
            "id": facts.number,
            "max_contacts": 1,
            # A phone that comes back from a new address replaces its old contact.
            "remove_existing": "yes",
            "qualify_frequency": facts.qualify_frequency,
        },
        mailbox=_mailbox(facts),
        dialplan=asdict(row),
    )


def _endpoint(facts: ExtensionFacts, mailbox: str) -> Columns:
    return {
        "id": facts.number,
        "aors": facts.number,
        "auth": facts.number,
        "context": context_of(facts.class_of_service),
        "disallow": "all",
        "allow": "ulaw,alaw,g722",
        "dtmf_mode": "rfc4733",
        # Phones behind NAT: answer to where the packet came from, and keep media on Asterisk.
        # https://docs.asterisk.org/Configuration/Channel-Drivers/SIP/Configuring-res_pjsip/
        "direct_media": "no",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "rtp_symmetric": "yes",
        "callerid": f'"{facts.caller_id_name}" <{facts.number}>',
        "mailboxes": mailbox,
    }


def _mailbox(facts: ExtensionFacts) -> Columns | None:
    if facts.pin is None:
        return None
    return {
        "context": MAILBOX_CONTEXT,
        "mailbox": facts.number,
        "password": facts.pin,
        "fullname": facts.caller_id_name,
    }
