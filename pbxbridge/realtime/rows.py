"""One extension in, Asterisk's realtime rows out. Pure: the writer stores what is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dialplan.class_of_service import context_of
from dialplan.config_line import harmless
from dialplan.extension_row import CallRules, Row, extension_row
from dialplan.queue_rows import device_row
from pbxbridge.realtime.auth_row import auth_columns

MAILBOX_CONTEXT = "default"
CODECS = "ulaw,alaw,g722"

Columns = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class SipDevice:
    """A device of chan_pjsip.

    ``qualify_frequency`` is in seconds, 0 for a device that is not monitored. ``auth_username``
    with ``auth_secret`` override the number and the secret; empty without an override.
    ``algorithms`` are the digests by which Asterisk knows the secrets; none: it has them in clear.
    """

    secret: str = field(repr=False)
    qualify_frequency: int
    auth_username: str = ""
    auth_secret: str = field(default="", repr=False)
    algorithms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Iax2Device:
    """A device of chan_iax2."""

    secret: str
    monitored: bool


@dataclass(frozen=True, slots=True)
class DahdiDevice:
    """A device on a DAHDI channel: ``1``, or a group such as ``g0``."""

    channel: str


Device = SipDevice | Iax2Device | DahdiDevice | None


@dataclass(frozen=True, slots=True)
class ExtensionFacts:
    """All that Asterisk has to know of one extension.

    ``device`` is None for a VIRTUAL one, ``pin`` for one without voicemail. ``ring_time`` is in
    seconds. ``escaped`` says that Asterisk's realtime driver takes values apart at each `;` and
    reads escapes, as all do but that of SQLite.
    """

    number: str
    caller_id_name: str
    device: Device
    class_of_service: str
    pin: str | None
    ring_time: int
    forward_all: str = ""
    forward_busy: str = ""
    forward_no_answer: str = ""
    forward_unregistered: str = ""
    do_not_disturb: bool = False
    twin: str = ""
    external_caller_id: str = ""
    emergency_caller_id: str = ""
    phone_group: str = ""
    agent_logins: bool = False
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class RealtimeRows:
    """The rows of one extension, one mapping of columns per table; None where there is no row."""

    dialplan: Columns
    agent_device: Columns | None = None
    mailbox: Columns | None = None
    endpoint: Columns | None = None
    aor: Columns | None = None
    auth: Columns | None = None
    auth_override: Columns | None = None
    iax_friend: Columns | None = None


def mailbox_of(number: str) -> str:
    """Return the mailbox of an extension in Asterisk's notation, ``1002@default``."""
    return f"{number}@{MAILBOX_CONTEXT}"


def auth_override_of(number: str) -> str:
    """Return the id of the auth that stands in for the extension's own."""
    return f"{number}-auth"


def rows_of(facts: ExtensionFacts) -> RealtimeRows:
    """Return the rows that make an extension real."""
    dialplan = dialplan_columns(extension_row(facts.number, call_rules(facts)))
    agents = dialplan_columns(device_row(facts.number)) if facts.agent_logins else None
    mailbox = _mailbox(facts)
    match facts.device:
        case SipDevice() as device:
            return RealtimeRows(
                dialplan,
                agents,
                mailbox,
                endpoint=_endpoint(facts, device),
                aor=_aor(facts.number, device),
                auth=auth_columns(facts.number, facts.number, device.secret, device.algorithms),
                auth_override=_auth_override(facts.number, device),
            )
        case Iax2Device() as device:
            return RealtimeRows(dialplan, agents, mailbox, iax_friend=_iax_friend(facts, device))
        case _:
            return RealtimeRows(dialplan, mailbox=mailbox)


def dial_string(number: str, device: Device) -> str:
    """Return what Dial() rings for an extension, empty for one without a device."""
    match device:
        case SipDevice():
            return f"PJSIP/{number}"
        case Iax2Device():
            return f"IAX2/{number}"
        case DahdiDevice(channel):
            return f"DAHDI/{channel}"
        case _:
            return ""


def call_rules(facts: ExtensionFacts) -> CallRules:
    """Return what becomes of a call for an extension."""
    return CallRules(
        device=dial_string(facts.number, facts.device),
        mailbox=_lamp(facts),
        ring_time=facts.ring_time,
        class_of_service=facts.class_of_service,
        forward_all=facts.forward_all,
        forward_busy=facts.forward_busy,
        forward_no_answer=facts.forward_no_answer,
        forward_unregistered=facts.forward_unregistered,
        do_not_disturb=facts.do_not_disturb,
        twin=facts.twin,
        external_caller_id=facts.external_caller_id,
    )


def dialplan_columns(row: Row) -> Columns:
    """Return a row of the dialplan as the columns of its table."""
    return {
        "context": row.context,
        "exten": row.exten,
        "priority": row.priority,
        "app": row.app,
        "appdata": row.appdata,
    }


def _lamp(facts: ExtensionFacts) -> str:
    return mailbox_of(facts.number) if facts.pin is not None else ""


def _caller_id(facts: ExtensionFacts) -> str:
    return f'"{facts.caller_id_name}" <{facts.number}>'


def _realtime_value(facts: ExtensionFacts, text: str) -> str:
    """Return free text as the driver hands it over unchanged (ast_realtime_decode_chunk)."""
    return text.replace("^", "^5E").replace(";", "^3B") if facts.escaped else text


def _pickup_group(facts: ExtensionFacts) -> str:
    # As the field refuses them now; a comma would make two groups of one.
    return facts.phone_group.translate({ord(mark): None for mark in ",;^"})


def _caller_ids(facts: ExtensionFacts) -> str:
    """Return the channel variable of what the outside is shown, and what in an emergency."""
    ids = harmless(facts.external_caller_id, facts.emergency_caller_id)
    return f"CALLER_IDS={':'.join(ids)}"


def _endpoint(facts: ExtensionFacts, device: SipDevice) -> Columns:
    number = facts.number
    return {
        "id": number,
        "aors": number,
        "auth": auth_override_of(number) if device.auth_username else number,
        "context": context_of(facts.class_of_service),
        "disallow": "all",
        "allow": CODECS,
        "dtmf_mode": "rfc4733",
        # Phones behind NAT: answer to where the packet came from, and keep media on Asterisk.
        # https://docs.asterisk.org/Configuration/Channel-Drivers/SIP/Configuring-res_pjsip/
        "direct_media": "no",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "rtp_symmetric": "yes",
        "callerid": _realtime_value(facts, _caller_id(facts)),
        "mailboxes": _lamp(facts),
        # Nobody is who they are by their address alone.
        "identify_by": "username",
        "outbound_auth": "",
        # Whoever is in a phone group may take the calls of its others.
        "named_call_group": _pickup_group(facts),
        "named_pickup_group": _pickup_group(facts),
        "set_var": _caller_ids(facts),
    }


def _aor(number: str, device: SipDevice) -> Columns:
    return {
        "id": number,
        "max_contacts": 1,
        # A phone that comes back from a new address replaces its old contact.
        "remove_existing": "yes",
        "qualify_frequency": device.qualify_frequency,
        # Where the device is, it says itself by registering.
        "contact": "",
    }


def _auth_override(number: str, device: SipDevice) -> Columns | None:
    if not device.auth_username:
        return None
    return auth_columns(
        auth_override_of(number), device.auth_username, device.auth_secret, device.algorithms
    )


def _iax_friend(facts: ExtensionFacts, device: Iax2Device) -> Columns:
    # https://docs.asterisk.org/Configuration/Channel-Drivers/Inter-Asterisk-eXchange-protocol-version-2-IAX2/
    return {
        "name": facts.number,
        "type": "friend",
        "username": facts.number,
        "secret": device.secret,
        "auth": "md5",
        "host": "dynamic",
        "context": context_of(facts.class_of_service),
        # Static realtime (iaxfriends_conf), which no driver takes apart.
        "callerid": _caller_id(facts),
        "mailbox": _lamp(facts),
        "qualify": "yes" if device.monitored else "no",
        "disallow": "all",
        "allow": CODECS,
        "requirecalltoken": "yes",
        "setvar": _caller_ids(facts),
    }


def _mailbox(facts: ExtensionFacts) -> Columns | None:
    if facts.pin is None:
        return None
    return {
        "context": MAILBOX_CONTEXT,
        "mailbox": facts.number,
        "password": facts.pin,
        "fullname": _realtime_value(facts, facts.caller_id_name),
        # The bridge mails; whoever stood here would be mailed to by Asterisk as well.
        "email": "",
        "pager": "",
    }
