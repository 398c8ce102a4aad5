"""An extension as the screen, the API and the audit see it: everything but its secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from pbxbridge.models.extension import AfterSending, DeviceType, Extension, VoicemailAudio
from pbxbridge.services.extension_input import ExtensionInput

# The fields that lie in the extension's own row under their own names.
COLUMNS = (
    "number",
    "device_type",
    "caller_id_name",
    "voicemail",
    "voicemail_email",
    "voicemail_audio",
    "voicemail_after_sending",
    "voicemail_language",
    "voicemail_time_zone",
    "twinning_number",
    "phone_make",
    "phone_model",
    "mac",
    "registration_number",
    "external_caller_id",
    "emergency_caller_id",
    "forward_all",
    "forward_busy",
    "forward_no_answer",
    "forward_unregistered",
    "do_not_disturb",
    "ring_time",
    "phone_group",
    "agent_logins",
    "monitored",
    "auth_username",
    "dahdi_channel",
)
# Those of them that are one of a list.
ENUMERATIONS: Mapping[str, type[StrEnum]] = {
    "device_type": DeviceType,
    "voicemail_audio": VoicemailAudio,
    "voicemail_after_sending": AfterSending,
}
READ_ONLY = frozenset({"agent", "version", "pin_changed_by_phone_at", "waiting", "invitation"})


@dataclass(frozen=True, slots=True)
class ExtensionView:
    """An extension with all that may be shown of it.

    ``waiting`` means that it is saved, but Asterisk is yet to be told. ``version`` grows with
    every change. ``pin_changed_by_phone_at`` is in UTC, None unless the present PIN was chosen by
    phone. ``agent`` tells that an agent of the call centre works here. ``invitation`` is the state
    of the newest invitation (invitations/state.py), empty without one, or where that is not shown.
    """

    number: str
    device_type: DeviceType
    caller_id_name: str
    users: list[str]
    class_of_service: str
    voicemail: bool
    voicemail_email: str
    voicemail_audio: VoicemailAudio
    voicemail_after_sending: AfterSending
    voicemail_language: str
    voicemail_time_zone: str
    dids: list[str]
    twinning_number: str
    phone_make: str
    phone_model: str
    mac: str
    registration_number: int
    external_caller_id: str
    emergency_caller_id: str
    forward_all: str
    forward_busy: str
    forward_no_answer: str
    forward_unregistered: str
    do_not_disturb: bool
    ring_time: int | None
    phone_group: str
    agent_logins: bool
    monitored: bool
    auth_username: str
    dahdi_channel: str
    agent: bool
    version: int
    pin_changed_by_phone_at: datetime | None
    waiting: bool
    invitation: str = ""


# The fields that can be changed and shown, in the order of the view.
FIELDS = tuple(field.name for field in fields(ExtensionView) if field.name not in READ_ONLY)


def view_of(
    row: Extension, *, users: Sequence[str], dids: Sequence[str], waiting: bool
) -> ExtensionView:
    """Return what is shown of a stored extension."""
    return ExtensionView(
        **stored_columns(row),
        class_of_service=row.class_of_service_id,
        users=sorted(users),
        dids=sorted(dids),
        agent=row.agent,
        version=row.version,
        pin_changed_by_phone_at=row.pin_changed_by_phone_at,
        waiting=waiting,
    )


def stored_columns(row: Extension) -> dict[str, Any]:
    """Return the columns that are fields; a row that was only just changed holds plain text."""
    columns = {name: getattr(row, name) for name in COLUMNS}
    return columns | {name: kind(columns[name]) for name, kind in ENUMERATIONS.items()}


def fields_of(view: ExtensionView) -> dict[str, object]:
    """Return the fields that can be changed, as they are: what an untouched form would send."""
    return {name: _unshared(getattr(view, name)) for name in FIELDS}


def fields_when_saved(wanted: ExtensionInput) -> dict[str, object]:
    """Return what ``fields_of`` the extension will be once what is wanted is saved."""
    stored: dict[str, object] = {name: getattr(wanted, name) for name in FIELDS}
    return stored | {"users": sorted(wanted.users), "dids": sorted(wanted.dids)}


def audited(view: ExtensionView) -> Mapping[str, object]:
    """Return what an audit entry may keep."""
    return audited_fields(fields_of(view))


def audited_fields(stored: Mapping[str, object]) -> Mapping[str, object]:
    """Return what an audit entry may keep of these fields."""
    return {name: value for name, value in stored.items() if name != "number"}


def sort_key(number: str) -> str:
    """Return what puts numbers in dialling order: the shorter first, then digit by digit."""
    return f"{len(number):02}{number}"


def number_of(key: str) -> str:
    """Return the number that has this ``sort_key``."""
    return key[2:]


def pin_digest(number: str, pin: str) -> str:
    """Return by what a PIN is known again, empty for none; the PIN itself has another home."""
    return hashlib.sha256(f"{number}:{pin}".encode()).hexdigest() if pin else ""


def _unshared(value: object) -> object:
    return list(value) if isinstance(value, list) else value
