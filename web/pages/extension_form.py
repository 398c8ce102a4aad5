"""The editor's form and an extension: what a field shows, and what a sent form means."""

from __future__ import annotations

from collections.abc import Mapping

from pbxbridge.errors import Invalid
from pbxbridge.services import extension_input
from pbxbridge.services.device_types import DeviceType
from pbxbridge.services.extension_input import DEFAULTS, WRITE_ONLY, ExtensionInput, parse_extension
from pbxbridge.services.extension_view import (
    ENUMERATIONS,
    FIELDS,
    ExtensionView,
    fields_of,
    fields_when_saved,
)
from pbxbridge.services.voicemail.mail_choices import LANGUAGES, AfterSending, VoicemailAudio
from web.middleware.csrf import FIELD as CSRF_FIELD

CHECKBOXES = ("agent_logins", "do_not_disturb", "monitored", "voicemail")
VERSION = "version"
# In the order of the form, for the focus.
MAIN = (
    "number",
    "device_type",
    "dahdi_channel",
    "caller_id_name",
    "users",
    "class_of_service",
    "forward_all",
    "voicemail",
    "voicemail_pin",
    "voicemail_email",
)
MORE = (
    "voicemail_audio",
    "voicemail_after_sending",
    "voicemail_language",
    "voicemail_time_zone",
    "forward_busy",
    "forward_no_answer",
    "forward_unregistered",
    "twinning_number",
    "ring_time",
    "do_not_disturb",
    "dids",
    "external_caller_id",
    "emergency_caller_id",
    "phone_group",
    "agent_logins",
    "phone_make",
    "phone_model",
    "mac",
    "registration_number",
    "monitored",
    "secret",
    "auth_username",
    "auth_secret",
)
# The types of device that have not a field, as the page's CSS asks for them.
WITHOUT = {
    name: " ".join(kind for kind, names in extension_input.WITHOUT.items() if name in names)
    for name in ExtensionInput.model_fields
}
LABELS = {
    "number": "Extension",
    "device_type": "Device Type",
    "dahdi_channel": "DAHDI Channel",
    "caller_id_name": "CallerID Name",
    "users": "User",
    "class_of_service": "Class of Service",
    "forward_all": "All Call Forward",
    "voicemail": "Voicemail",
    "voicemail_pin": "Voicemail PIN",
    "voicemail_email": "Voicemail Email",
    "voicemail_audio": "Voicemail recording",
    "voicemail_after_sending": "Voicemail after sending",
    "voicemail_language": "Voicemail mail language",
    "voicemail_time_zone": "Voicemail time zone",
    "forward_busy": "Forward when busy",
    "forward_no_answer": "Forward, no answer",
    "forward_unregistered": "Forward, not registered",
    "twinning_number": "Twinning #",
    "ring_time": "Ring time",
    "do_not_disturb": "Do not disturb",
    "dids": "DID",
    "external_caller_id": "External CallerID",
    "emergency_caller_id": "Emergency CallerID",
    "phone_group": "Phone Group",
    "agent_logins": "Agent logins",
    "phone_make": "Phone Make",
    "phone_model": "Phone Model",
    "mac": "MAC",
    "registration_number": "Phone Reg #",
    "monitored": "Monitor status",
    "secret": "Secret",
    "auth_username": "Auth user name",
    "auth_secret": "Auth secret",
}
# Fields whose values have words: value to words, in the order in which they are offered.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "voicemail_audio": {
        VoicemailAudio.WAV: "WAV attached",
        VoicemailAudio.MP3: "MP3 attached",
        VoicemailAudio.LINK: "Link to the portal",
    },
    "voicemail_after_sending": {
        AfterSending.KEEP: "Keep as new",
        AfterSending.HEARD: "Mark as heard",
        AfterSending.DELETE: "Delete",
    },
    "voicemail_language": {"": "The site's", **dict(LANGUAGES)},
}
_DEVICES = {DeviceType.SIP: "SIP", DeviceType.SIP_VIRTUAL: "SIP", DeviceType.IAX2: "IAX2"}


def new_values() -> dict[str, object]:
    """Return what the editor of a new extension shows."""
    return {name: _shown(name, DEFAULTS[name]) for name in DEFAULTS} | {
        "number": "",
        "caller_id_name": "",
    }


def shown_values(view: ExtensionView) -> dict[str, object]:
    """Return what the editor shows of a stored extension; what is write-only is empty."""
    shown = {name: _shown(name, value) for name, value in fields_of(view).items()}
    return shown | dict.fromkeys(WRITE_ONLY, "")


def form_values(form: Mapping[str, str]) -> dict[str, object]:
    """Return what a sent form says, as ``parse_extension`` takes it.

    A browser leaves an unticked box out.
    """
    values: dict[str, object] = {
        name: value for name, value in form.items() if name not in (CSRF_FIELD, VERSION)
    }
    return values | {name: name in form for name in CHECKBOXES}


def version_of(form: Mapping[str, str]) -> int | None:
    """Return the version that the form was filled with, None if it does not say."""
    typed = form.get(VERSION, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def changed_meanwhile(view: ExtensionView, typed: Mapping[str, object]) -> dict[str, str]:
    """Return what is stored now of every field that saving the form would change."""
    stored = fields_of(view)
    wanted: Mapping[str, object] = typed
    try:
        wanted = fields_when_saved(parse_extension({**stored, **typed}))
    except Invalid:
        stored = shown_values(view)
    return {
        name: _told(name, getattr(view, name))
        for name in FIELDS
        if name in typed and wanted[name] != stored[name]
    }


def first_wrong(errors: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return the first field of the form that wants to be looked at, empty if none does."""
    return next((name for name in (*MAIN, *MORE) if name in errors or name in now), "")


def device_name(view: ExtensionView) -> str:
    """Return what the device's user name is of: SIP or IAX2; empty where nothing registers."""
    return _DEVICES.get(view.device_type, "")


def _shown(name: str, value: object) -> object:
    """Return a value as the form's control holds it."""
    if isinstance(value, list):
        return ", ".join(value)
    if value is None:
        return ""
    if name == "mac" and isinstance(value, str):
        return ":".join(value[place : place + 2] for place in range(0, len(value), 2))
    return value if isinstance(value, bool) or name in ENUMERATIONS else str(value)


def _told(name: str, value: object) -> str:
    """Return a value as a sentence names it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    shown = str(_shown(name, value))
    return CHOICES.get(name, {}).get(shown) or shown or "empty"
