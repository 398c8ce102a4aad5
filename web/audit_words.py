"""The audit in plain words: actions, fields and values."""

from __future__ import annotations

from collections.abc import Mapping

OFF = "Off"

_EXTENSION_ACTIONS = {
    "extension.created": "Extension created",
    "extension.changed": "Extension changed",
    "extension.deleted": "Extension deleted",
    "extension.change-undone": "Change of an extension undone",
    "extension.pin-changed": "Voicemail PIN changed",
    "extension.secret-changed": "Secret changed",
    "extension.secret-regenerated": "New secret made",
    "extension.secret-read": "Secret shown",
    "extension.auth-secret-changed": "Auth secret changed",
    "extension.auth-secret-read": "Auth secret shown",
}
_USER_ACTIONS = {
    "user.created": "User created",
    "user.changed": "User changed",
    "user.deleted": "User deleted",
    "user.change-undone": "Change of a user undone",
    "user.password-changed": "Password changed",
    "user.password-reset": "One-time password made",
    "user.password-reset-asked": "Password reset asked for",
    "user.password-reset-completed": "Forgotten password replaced",
    "user.password-reset-refused": "Password reset refused",
    "user.second-factor-on": "Second factor switched on",
    "user.second-factor-off": "Second factor switched off",
}
_SIGN_IN_ACTIONS = {
    "user.signed-in": "Signed in",
    "user.signed-out": "Signed out",
    "user.sign-in-refused": "Sign-in refused",
    "user.sessions-ended": "Sessions ended",
}
_TOKEN_ACTIONS = {
    "user.api-token-created": "API token created",
    "user.api-token-revoked": "API token revoked",
}
ACTIONS: Mapping[str, Mapping[str, str]] = {
    "Extensions": _EXTENSION_ACTIONS,
    "Users": _USER_ACTIONS,
    "Signing in": _SIGN_IN_ACTIONS,
    "API tokens": _TOKEN_ACTIONS,
}
KINDS: Mapping[str, str] = {
    "extension": "Extensions",
    "user": "Users",
    "sign-in": "Signing in",
    "token": "API tokens",
}
_EXTENSION_FIELDS = {
    "device_type": "Device type",
    "caller_id_name": "CallerID name",
    "users": "Users",
    "class_of_service": "Class of service",
    "voicemail": "Voicemail",
    "voicemail_email": "Voicemail e-mail",
    "dids": "DIDs",
    "twinning_number": "Twinning number",
    "phone_make": "Phone make",
    "phone_model": "Phone model",
    "mac": "MAC address",
    "registration_number": "Registration number",
    "external_caller_id": "External caller ID",
    "emergency_caller_id": "Emergency caller ID",
    "forward_all": "All call forward",
    "forward_busy": "Forward when busy",
    "forward_no_answer": "Forward when not answered",
    "forward_unregistered": "Forward when not registered",
    "do_not_disturb": "Do not disturb",
    "ring_time": "Ring time (seconds)",
    "phone_group": "Phone group",
    "monitored": "Monitor the device",
    "auth_username": "Auth user name",
    "dahdi_channel": "DAHDI channel",
}
_USER_FIELDS = {
    "name": "Name",
    "email": "E-mail",
    "role": "Role",
    "extensions": "Extensions",
}
# What can be searched for, as the list shows it.
FIELDS: Mapping[str, Mapping[str, str]] = {
    "Extensions": _EXTENSION_FIELDS,
    "Users": _USER_FIELDS,
}

_ACTION_WORDS = {name: words for group in ACTIONS.values() for name, words in group.items()}
_FIELD_WORDS = {name: words for group in FIELDS.values() for name, words in group.items()}


def action_words(action: str) -> str:
    """Return what happened; an action that is not listed here is read out as it is."""
    return _ACTION_WORDS.get(action) or _read_out(action)


def field_words(name: str) -> str:
    """Return the name of a field as its form has it."""
    return _FIELD_WORDS.get(name) or _read_out(name)


def value_words(value: object) -> str:
    """Return a field's value as text, empty for what is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "On" if value else OFF
        case list():
            return ", ".join(value_words(part) for part in value)
        case dict():
            return " ".join(value_words(part) for part in value.values())
        case _:
            return str(value)


def _read_out(name: str) -> str:
    words = name.replace(".", " ").replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
