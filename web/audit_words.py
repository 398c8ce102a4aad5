"""The audit in plain words: actions, fields and values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pbxbridge.services.extension_input import WRITE_ONLY
from web.pages.extension_form import CHOICES, LABELS
from web.role_words import role_words

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
    "extension.rung": "Phone rung from the portal",
    "extension.hung-up": "Calls of a phone hung up",
    "extension.reconciled": "Asterisk's rows of an extension repaired",
    "leftover.reconciled": "Asterisk's rows of what is gone removed",
}
_PHONE_ACTIONS = {
    "phone.configuration-fetched": "Configuration fetched by a phone",
    "phone.address-made": "Address for a phone made",
    "phone.address-removed": "Address of a phone removed",
    "phone.resynced": "Phone told to fetch its configuration",
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
_TRUNK_ACTIONS = {
    "trunk.created": "Trunk created",
    "trunk.changed": "Trunk changed",
    "trunk.deleted": "Trunk deleted",
    "trunk.secret-changed": "Secret of a trunk changed",
    "trunk.reconciled": "Asterisk's rows of a trunk repaired",
}
_ROUTE_ACTIONS = {
    "route.created": "Route created",
    "route.changed": "Route changed",
    "route.deleted": "Route deleted",
}
_CLASS_ACTIONS = {
    "class-of-service.created": "Class of service created",
    "class-of-service.changed": "Class of service changed",
    "class-of-service.deleted": "Class of service deleted",
    "class-of-service.pin-changed": "PIN of a class of service changed",
    "class-of-service.reconciled": "Context of the dialplan repaired",
}
_GROUP_ACTIONS = {
    "phone-group.created": "Phone group created",
    "phone-group.changed": "Phone group changed",
    "phone-group.deleted": "Phone group deleted",
    "phone-group.reconciled": "Asterisk's rows of a phone group repaired",
}
_AGENT_ACTIONS = {
    "agent.created": "Agent created",
    "agent.changed": "Agent changed",
    "agent.deleted": "Agent deleted",
    "agent.pin-changed": "PIN of an agent changed",
    "agent.logged-in": "Agent logged in from the portal",
    "agent.logged-out": "Agent logged out from the portal",
    "agent.paused": "Agent paused from the portal",
    "agent.ready": "Pause of an agent ended from the portal",
    "agent.reconciled": "Asterisk's rows of an agent repaired",
}
_QUEUE_ACTIONS = {
    "queue.created": "Queue created",
    "queue.changed": "Queue changed",
    "queue.deleted": "Queue deleted",
    "queue.reconciled": "Asterisk's rows of a queue repaired",
}
_INBOUND_ACTIONS = {"inbound.changed": "Calls from outside changed"}
_MAIL_ACTIONS = {
    "mail.sent-again": "Mail sent again",
    "mail.all-sent-again": "All given-up mails sent again",
    "mail.sent-now": "Mail sent without waiting",
    "mail.read-again": "Recording of a mail read again",
    "mail.discarded": "Mail discarded",
    "mail.test-sent": "Test mail sent",
}
_VOICEMAIL_ACTIONS = {
    "voicemail.deleted": "Voicemail message deleted",
    "voicemail.heard": "Voicemail message marked as heard",
}
_INVITATION_ACTIONS = {
    "invitation.sent": "Invitation sent",
    "invitation.opened": "Invitation opened",
    "invitation.claimed": "Invitation claimed, new secret made",
    "invitation.revoked": "Invitation revoked",
    "invitation.refused": "Link of an invitation refused",
}
ACTIONS: Mapping[str, Mapping[str, str]] = {
    "Extensions": _EXTENSION_ACTIONS,
    "Phones": _PHONE_ACTIONS,
    "Users": _USER_ACTIONS,
    "Signing in": _SIGN_IN_ACTIONS,
    "API tokens": _TOKEN_ACTIONS,
    "Classes of service": _CLASS_ACTIONS,
    "Routes": _ROUTE_ACTIONS,
    "Trunks": _TRUNK_ACTIONS,
    "Phone groups": _GROUP_ACTIONS,
    "Agents": _AGENT_ACTIONS,
    "Queues": _QUEUE_ACTIONS,
    "Calls from outside": _INBOUND_ACTIONS,
    "Mail outbox": _MAIL_ACTIONS,
    "Voicemail messages": _VOICEMAIL_ACTIONS,
    "Invitations": _INVITATION_ACTIONS,
}
KINDS: Mapping[str, str] = {
    "extension": "Extensions",
    "phone": "Phones",
    "user": "Users",
    "sign-in": "Signing in",
    "token": "API tokens",
    "class-of-service": "Classes of service",
    "route": "Routes",
    "trunk": "Trunks",
    "phone-group": "Phone groups",
    "agent": "Agents",
    "queue": "Queues",
    "inbound": "Calls from outside",
    "mail": "Mail outbox",
    "voicemail": "Voicemail messages",
    "invitation": "Invitations",
}
# Named as the editor names them. A number never changes; what is write-only is not recorded.
_EXTENSION_FIELDS = {
    name: label for name, label in LABELS.items() if name not in {"number", *WRITE_ONLY}
}
_USER_FIELDS = {
    "name": "Name",
    "email": "E-mail",
    "role": "Role",
    "extensions": "Extensions",
}
# Several have the same. What extensions have too is called as there, and found there.
_CALLING_FIELDS = {
    "description": "Description",
    "routes": "Routes",
    "days": "Days",
    "opens": "From",
    "closes": "Until",
    "asks_pin": "Asks for a PIN",
    "pattern": "Pattern",
    "strip": "Strip",
    "prepend": "Prepend",
    "trunks": "Trunks",
    "emergency": "Emergency",
    "host": "Host",
    "port": "Port",
    "registers": "Register",
    "username": "User name",
    "caller_id": "CallerID",
    "addresses": "Addresses",
    "number": "Number",
    "fallback": "If nobody answers",
    "unknown_did": "Unknown DIDs ring",
}
_CALL_CENTRE_FIELDS = {
    "first_name": "First name",
    "last_name": "Last name",
    "user": "User",
    "strategy": "Strategy",
    "timeout": "Timeout",
    "wrap_up": "Wrap-up",
    "music": "Music",
    "max_wait": "Max wait",
    "announce_every": "Announced position",
    "service_level": "Service level",
    "join_empty": "Callers may wait while nobody is there",
    "agents": "Agents",
    "reason": "Reason",
}
# What can be searched for, as the list shows it.
FIELDS: Mapping[str, Mapping[str, str]] = {
    "Extensions": _EXTENSION_FIELDS,
    "Users": _USER_FIELDS,
    "Calling": _CALLING_FIELDS,
    "Call centre": _CALL_CENTRE_FIELDS,
    "Phones": {"file": "File", "lines": "Extensions", "extension": "By way of"},
    "Mail outbox": {"recipient": "Recipient", "mails": "Mails"},
}

_ACTION_WORDS = {name: words for group in ACTIONS.values() for name, words in group.items()}
_FIELD_WORDS = {name: words for group in FIELDS.values() for name, words in group.items()}


def action_words(action: str) -> str:
    """Return what happened; an action that is not listed here is read out as it is."""
    return _ACTION_WORDS.get(action) or _read_out(action)


def field_words(name: str) -> str:
    """Return the name of a field as its form has it."""
    return _FIELD_WORDS.get(name) or _read_out(name)


def value_words(value: object, name: str = "") -> str:
    """Return a value of the field ``name`` as text, empty for what is empty."""
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
            return _text_words(str(value), name)


def _text_words(text: str, name: str) -> str:
    if name.endswith("_at"):
        return _moment(text)
    if name == "role":
        return role_words(text)
    return CHOICES.get(name, {}).get(text, text)


def _moment(text: str) -> str:
    """Return a moment that the audit keeps in ISO 8601; what is none stays as it is."""
    try:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return text


def _read_out(name: str) -> str:
    words = name.replace(".", " ").replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
