"""What the API's document says of the fields; what they accept is decided by the models alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pbxbridge.services.voicemail.mail_choices import LANGUAGES


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence on a field, and an example of what it takes.

    ``rule`` are keywords of JSON Schema, of the items if it is a list: values that keep to them are
    accepted, though blanks around them are too.
    """

    text: str
    example: Any = None
    rule: Mapping[str, Any] = field(default_factory=dict)
    write_only: bool = False


def _pattern(pattern: str) -> Mapping[str, Any]:
    return {"pattern": f"^({pattern})?$"}


_NUMBER = "1 to 20 letters and digits, stored in lower case; leading zeros count."
_TARGET = "An extension, or an outside number of at most 20 digits with an optional +. Empty: off."
_OUTSIDE = "At most 20 digits, with an optional + in front."
_TEXT = "At most 40 characters."
_KEPT = "Empty: the present one stays."

_IS_NUMBER: Mapping[str, Any] = {"pattern": "^[0-9A-Za-z]{1,20}$"}
_IS_OUTSIDE = _pattern(r"\+?[0-9]{1,20}")
_IS_TARGET = _pattern(r"\+?[0-9]{1,20}|[0-9A-Za-z]{1,20}")
_IS_SECRET = _pattern(r"[A-Za-z0-9!#$%*+./:=?@_~-]{8,40}")
_IS_TEXT: Mapping[str, Any] = {"maxLength": 40}

EXTENSION: Mapping[str, Note] = {
    "number": Note(f"{_NUMBER} It cannot be changed later.", "1002", _IS_NUMBER),
    "device_type": Note(
        "VIRTUAL has no device; SIP-VIRTUAL is a further extension on a SIP device of the same "
        "MAC. Fields that a type does not have are left at their defaults."
    ),
    "caller_id_name": Note(
        'What phones show; no " < > or \\. With the number at most 35 characters.',
        "Reception",
        {"minLength": 1, "maxLength": 34},
    ),
    "users": Note("Login names of the users associated with the extension.", ["ada"]),
    "class_of_service": Note(
        "What the extension may dial: a name of /classes-of-service.", "internal"
    ),
    "voicemail": Note("Whether there is a voicemail box; without, its fields are ignored.", True),
    "voicemail_pin": Note(
        f"4 to 12 digits, not the number itself. {_KEPT} A new box needs one.",
        "4711",
        _pattern("[0-9]{4,12}"),
        write_only=True,
    ),
    "voicemail_email": Note(
        "New messages are sent here: one address, or at most 10 with commas between, together at "
        "most 254 characters. Empty: nowhere.",
        "ada@example.com, team@example.com",
    ),
    "voicemail_audio": Note(
        "How a mail brings the recording: attached as wav or mp3, or a link to the portal, which "
        "needs the setting PBXBRIDGE_WEB__PUBLIC_URL."
    ),
    "voicemail_after_sending": Note(
        "What becomes of a message once its mail was sent; with links it cannot be deleted."
    ),
    "voicemail_language": Note(
        "The language of mails. Empty: the site's.",
        "de",
        {"enum": ["", *(code for code, _ in LANGUAGES)]},
    ),
    "voicemail_time_zone": Note(
        "The IANA name of the time zone in which mails tell the time. Empty: the site's.",
        "Europe/Berlin",
    ),
    "dids": Note(
        f"Numbers from outside that ring the extension. Each: {_OUTSIDE}",
        ["+15550100"],
        {"pattern": r"^\+?[0-9]{1,20}$"},
    ),
    "twinning_number": Note(
        f"Rings along with the extension. {_OUTSIDE}", "+15550123", _IS_OUTSIDE
    ),
    "phone_make": Note(_TEXT, "Polycom", _IS_TEXT),
    "phone_model": Note(_TEXT, "VVX 450", _IS_TEXT),
    "mac": Note(
        "12 hexadecimal digits; separators are dropped.",
        "0004f2a1b2c3",
        _pattern("[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}"),
    ),
    "registration_number": Note(
        "The extension's place on the phone, 1 to 99.", 1, {"minimum": 1, "maximum": 99}
    ),
    "external_caller_id": Note(
        f"Shown on calls through a route. {_OUTSIDE}", "+15550100", _IS_OUTSIDE
    ),
    "emergency_caller_id": Note(f"Shown on emergency calls. {_OUTSIDE}", "+15550199", _IS_OUTSIDE),
    "forward_all": Note(f"Where all calls go. {_TARGET}", "1001", _IS_TARGET),
    "forward_busy": Note(f"Where calls go while it is busy. {_TARGET}", "1001", _IS_TARGET),
    "forward_no_answer": Note(f"Where calls go that nobody answers. {_TARGET}", "1001", _IS_TARGET),
    "forward_unregistered": Note(f"Where calls go without a device. {_TARGET}", "1001", _IS_TARGET),
    "do_not_disturb": Note("Whether calls do not ring.", False),
    "ring_time": Note(
        "Seconds, 5 to 300; null: as long as the site's setting says.",
        25,
        {"minimum": 5, "maximum": 300},
    ),
    "phone_group": Note(f"The phone group that it is a member of. {_TEXT}", "front desk", _IS_TEXT),
    "agent_logins": Note("Whether agents of the call centre may log in at its phone.", False),
    "monitored": Note("Whether Asterisk asks the device if it is there.", True),
    "secret": Note(
        f"8 to 40 letters, digits and ! # $ % * + . / : = ? @ _ ~ -. {_KEPT} A new extension gets "
        "a random one.",
        "",
        _IS_SECRET,
        write_only=True,
    ),
    "auth_username": Note(
        "The user name that the device logs in with instead of its number, at most 40 letters, "
        "digits and . _ + -. Empty: its number.",
        "",
        {"pattern": "^[A-Za-z0-9._+-]{0,40}$"},
    ),
    "auth_secret": Note(
        f"The secret that goes with auth_username. {_KEPT}", "", _IS_SECRET, write_only=True
    ),
    "dahdi_channel": Note(
        "A DAHDI channel, 1 to 9999, or a group such as g0 or r1.",
        "",
        _pattern("[1-9][0-9]{0,3}|[gGrR]([0-9]|[1-5][0-9]|6[0-3])"),
    ),
}

USER: Mapping[str, Note] = {
    "login": Note(
        "1 to 64 characters without blanks, commas and semicolons, stored in lower case. It "
        "cannot be changed later.",
        "grace",
        {"minLength": 1, "maxLength": 64},
    ),
    "name": Note("At most 80 characters.", "Grace Hopper", {"maxLength": 80}),
    "email": Note("Where a code to reset the password is sent. May be empty.", "grace@pbx.local"),
    "role": Note("admin: everything; operator: reads; user: their own extensions.", "user"),
    "extensions": Note("Numbers of the extensions associated with the user.", ["1001"]),
}

BULK: Mapping[str, Note] = {
    "numbers": Note("The extensions to change, 1 to 500.", ["1001"]),
    "changes": Note("What to change in each of them.", {"ring_time": 30}),
}

PATH_PARAMETERS: Mapping[str, Note] = {
    "number": Note(_NUMBER, "1001"),
    "login": Note("A login name.", "ada"),
    "id": Note("The number of an entry.", 1, {"type": "integer", "minimum": 1}),
}
