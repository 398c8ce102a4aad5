"""What it means to create or change an extension, decided without I/O.

Shared by the single save (extension_saver.py) and the import of many (transfer/).
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pbxbridge.errors import Invalid
from pbxbridge.models.extension import DeviceType, VoicemailAudio
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.services.device_types import device_of
from pbxbridge.services.extension_input import SIP_TYPES, WITHOUT, ExtensionInput
from pbxbridge.services.extension_view import COLUMNS, ENUMERATIONS, ExtensionView, sort_key
from pbxbridge.services.sip_secrets import UNREADABLE, UNREADABLE_WHY

T = TypeVar("T")

# 24 letters and digits are 142 bits, and survive being typed on a phone's keypad.
SECRET_LENGTH = 24
SECRET_ALPHABET = (string.ascii_letters + string.digits).encode()

# As long as one of these waits, a number is not free: told later, Asterisk would throw out its new
# owner's phone, or leave them the old messages.
FORGETTING = (NoticeKind.FORGET_CONTACTS, NoticeKind.FORGET_MAILBOX, NoticeKind.FORGET_PEER)

# Four bytes of a random 256 are thrown away, so that each of the 62 characters is as likely.
_USABLE = 256 - 256 % len(SECRET_ALPHABET)
_TO_ALPHABET = (SECRET_ALPHABET * 5)[:256]
_UNUSABLE = bytes(range(_USABLE, 256))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens an extension's doors: none of it is ever shown without being asked for."""

    secret: str
    auth_secret: str
    pin: str

    def __repr__(self) -> str:
        """Show nothing, whoever prints it."""
        return "Credentials(...)"


@dataclass(frozen=True, slots=True)
class Renewed:
    """Which credentials a change sets to something else."""

    pin: bool
    secret: bool
    auth_secret: bool

    def __bool__(self) -> bool:
        """Whether any is."""
        return self.pin or self.secret or self.auth_secret

    def actions(self) -> Iterator[str]:
        """Yield what the audit says of it."""
        if self.pin:
            yield "extension.pin-changed"
        if self.secret:
            yield "extension.secret-changed"
        if self.auth_secret:
            yield "extension.auth-secret-changed"


NO_CREDENTIALS = Credentials("", "", "")
NOTHING_RENEWED = Renewed(pin=False, secret=False, auth_secret=False)


def new_secret() -> str:
    """Return a random SIP secret of 24 letters and digits (142 bits)."""
    drawn = b""
    while len(drawn) < SECRET_LENGTH:
        drawn += os.urandom(SECRET_LENGTH * 2).translate(_TO_ALPHABET, _UNUSABLE)
    return drawn[:SECRET_LENGTH].decode()


def merged(stored: Credentials, wanted: ExtensionInput) -> Credentials:
    """Return the credentials after a change: what is left empty stays.

    Raises Invalid for one that is needed and not there.
    """
    pin = wanted.voicemail_pin or stored.pin
    auth_secret = wanted.auth_secret or stored.auth_secret
    wrong = {}
    if UNREADABLE in (stored.secret, stored.auth_secret):
        wrong = _unreadable(stored, wanted)
    if wanted.voicemail and not pin:
        wrong["voicemail_pin"] = "A voicemail box needs a PIN."
    if wanted.auth_username and not auth_secret:
        wrong["auth_secret"] = "Enter the secret that goes with this user name."  # noqa: S105
    if wrong:
        raise Invalid(wrong)
    # A device that had no secret so far, such as a VIRTUAL one's, gets one.
    return Credentials(wanted.secret or stored.secret or new_secret(), auth_secret, pin)


def _unreadable(stored: Credentials, wanted: ExtensionInput) -> dict[str, str]:
    """Return which secrets cannot be kept; a device without any is asked for none."""
    wrong = {}
    has_secret = "secret" not in WITHOUT[wanted.device_type]
    if stored.secret == UNREADABLE and has_secret and not wanted.secret:
        wrong["secret"] = UNREADABLE_WHY
    if stored.auth_secret == UNREADABLE and wanted.auth_username and not wanted.auth_secret:
        wrong["auth_secret"] = UNREADABLE_WHY
    return wrong


def renewed(stored: Credentials, wanted: ExtensionInput, credentials: Credentials) -> Renewed:
    """Return which credentials are other than they were, because somebody asked for it."""
    return Renewed(
        pin=wanted.voicemail and credentials.pin != stored.pin,
        secret=bool(wanted.secret) and credentials.secret != stored.secret,
        auth_secret=bool(wanted.auth_secret) and credentials.auth_secret != stored.auth_secret,
    )


def columns_of(wanted: ExtensionInput) -> dict[str, object]:
    """Return the columns of the portal's row that follow from what is wanted."""
    columns: dict[str, object] = {name: getattr(wanted, name) for name in COLUMNS}
    # Not the member of the enumeration: a driver would have to look up what it is.
    columns |= {name: getattr(wanted, name).value for name in ENUMERATIONS}
    columns["sort_key"] = sort_key(wanted.number)
    columns["class_of_service_id"] = wanted.class_of_service
    return columns


def mail_since(email_before: str, wanted: ExtensionInput, now: T) -> Mapping[str, T | None]:
    """Return since when messages are mailed, if that changes: older ones are not relayed."""
    if not wanted.voicemail_email:
        return {"mail_since": None}
    return {} if email_before else {"mail_since": now}


def wrong_links(
    before: ExtensionView | None, wanted: ExtensionInput, *, can_link: bool
) -> Mapping[str, str]:
    """Return why mails cannot begin to have links: a sentence by field, empty if they can.

    ``before`` is None for a new extension. One whose mails had links stays as it is, whatever
    became of the site's setting: it must not keep anybody from changing its other fields.
    """
    if can_link or not _sends_links(wanted) or (before and _sends_links(before)):
        return {}
    return {
        "voicemail_audio": "Links need PBXBRIDGE_WEB__PUBLIC_URL. Set it, or attach the recording."
    }


def _sends_links(extension: ExtensionInput | ExtensionView) -> bool:
    return bool(extension.voicemail_email) and extension.voicemail_audio is VoicemailAudio.LINK


def outdated_by(before: ExtensionView, wanted: ExtensionInput) -> Iterator[NoticeKind]:
    """Yield what Asterisk must not be told any more after a change of the type of device.

    Told late, it would throw out the device that is there again.
    """
    if before.device_type not in SIP_TYPES and wanted.device_type in SIP_TYPES:
        yield NoticeKind.FORGET_CONTACTS
    if before.device_type != wanted.device_type and wanted.device_type is DeviceType.IAX2:
        yield NoticeKind.FORGET_PEER


def notices_of(
    before: ExtensionView | None, wanted: ExtensionInput
) -> Iterator[tuple[NoticeKind, str]]:
    """Yield what Asterisk must be told of a change because the rows alone do not tell it.

    ``before`` is None for a new extension.
    """
    old = before.device_type if before else None
    was_sip, is_sip = old in SIP_TYPES, wanted.device_type in SIP_TYPES
    if was_sip and not is_sip:
        yield NoticeKind.FORGET_CONTACTS, wanted.number
    elif before and is_sip and before.monitored != wanted.monitored:
        yield NoticeKind.REFRESH_QUALIFY, wanted.number
    if wanted.device_type is DeviceType.IAX2:
        yield NoticeKind.RELOAD_PEERS, wanted.number
    elif old is DeviceType.IAX2:
        yield NoticeKind.FORGET_PEER, wanted.number
    if before and before.agent_logins and not _may_stay(before, wanted):
        yield NoticeKind.LEAVE_QUEUES, device_of(before)


def _may_stay(before: ExtensionView, wanted: ExtensionInput) -> bool:
    """Whether an agent who is logged in at the phone may stay."""
    return wanted.agent_logins and device_of(wanted) == device_of(before)
