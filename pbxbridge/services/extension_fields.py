"""What each field of an extension accepts; every rule is one function, told apart by its name.

Rules: ../../docs/extensions.md, from the Extensions screen's own description. Numbers are strings
everywhere, so leading zeros survive.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from dialplan.extension_row import VOICEMAIL
from dialplan.inbound import is_pattern
from dialplan.pattern import canonical, parse_pattern
from pbxbridge.email_address import checked_address
from pbxbridge.phones.makes import spelled_make
from pbxbridge.services.login_name import LOGIN_LENGTH, normalised_login
from pbxbridge.services.parsing import no_doubles, problem, split, strip
from pbxbridge.services.voicemail.addresses import SEPARATOR
from pbxbridge.services.voicemail.mail_choices import LANGUAGES, time_zones

NUMBER_LENGTH = 20
PIN_LENGTH = range(4, 13)
SECRET_LENGTH = range(8, 41)
RING_SECONDS = range(5, 301)
REGISTRATION_NUMBERS = range(1, 100)
TEXT_LENGTH = 40
# Each is a row that a save may have to write, while nobody else can.
MOST_USERS = 50
MOST_DIDS = 50
# Each is a mail of its own.
MOST_ADDRESSES = 10
ADDRESSES_LENGTH = 254
DID_LENGTH = 21

# pbx.c gives these a meaning of their own: `h` would run at every hang-up, `t` at every time-out.
# https://docs.asterisk.org/Configuration/Dialplan/Special-Dialplan-Extensions/
SPECIAL = frozenset({"a", "e", "h", "i", "o", "s", "t", "failed", "fax", "talk", "hang", "report"})
# ... iax.conf has sections of the first two names, the portal a page of the third.
# A forward to `voicemail` is one to the mailbox.
RESERVED = SPECIAL | {"general", "callnumberlimits", "new", VOICEMAIL}

_NUMBER = re.compile(r"[0-9a-z]+")
_DIGITS = re.compile(r"[0-9]+")
_MAC = re.compile(r"[0-9a-f]{12}")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")
_MAC_PUNCTUATION = re.compile(r"[:.\- ]")
# The quotation and the punctuation of a caller ID: "name" <number>.
_NOT_IN_NAMES = frozenset('"<>\\')
_NOT_IN_GROUPS = frozenset(",;^")


def _number(value: str) -> str:
    if not value:
        raise problem("Enter the extension's number.")
    if not _NUMBER.fullmatch(value := value.lower()):
        raise problem("Use letters and digits only. Digits can be dialled from any phone.")
    if len(value) > NUMBER_LENGTH:
        raise problem(f"Use at most {NUMBER_LENGTH} characters.")
    if value in RESERVED:
        raise problem("This name has a meaning of its own. Choose another.")
    return value


def _caller_id_name(value: str) -> str:
    if not value:
        raise problem("Enter the name that phones show for this extension.")
    if not value.isprintable():
        raise problem("Line breaks and control characters cannot be part of a name.")
    if not _NOT_IN_NAMES.isdisjoint(value):
        found = " ".join(sorted(_NOT_IN_NAMES & set(value)))
        raise problem(f"These characters cannot be part of a caller ID name: {found}")
    return value


def _pin(value: str) -> str:
    if not value:
        return value
    if not _DIGITS.fullmatch(value):
        raise problem("Use digits only.")
    if len(value) not in PIN_LENGTH:
        raise problem(f"Use {PIN_LENGTH.start} to {PIN_LENGTH.stop - 1} digits.")
    return value


def _email(value: str) -> str:
    if not value:
        return value
    try:
        return checked_address(value)
    except ValueError as why:
        raise problem(str(why)) from why


def _emails(value: str) -> str:
    typed = [part for part in _BETWEEN_ADDRESSES.split(value) if part]
    if len(typed) > MOST_ADDRESSES:
        raise problem(f"Enter at most {MOST_ADDRESSES} addresses.")
    found: dict[str, str] = {}
    for part in typed:
        try:
            address = checked_address(part)
        except ValueError as why:
            named = part if len(part) <= TEXT_LENGTH else f"{part[:TEXT_LENGTH]}…"
            example = "such as ada@example.com, with commas between several"
            raise problem(f"“{named}” is no e-mail address. Enter one {example}.") from why
        # One who is named twice, in small letters and in capitals, wants one mail.
        found.setdefault(address.lower(), address)
    if len(joined := SEPARATOR.join(found.values())) > ADDRESSES_LENGTH:
        raise problem(f"Use at most {ADDRESSES_LENGTH} characters for all addresses.")
    return joined


def _language(value: str) -> str:
    if value and value not in dict(LANGUAGES):
        raise problem("Choose one of the list.")
    return value


def _time_zone(value: str) -> str:
    if not value or value in (zones := time_zones()):
        return value
    meant = next((zone for zone in zones if zone.lower() == value.lower()), "")
    if meant:
        raise problem(f"Write it as {meant}.")
    raise problem("There is no such time zone. Enter one such as Europe/Berlin.")


def _outside_number(value: str) -> str:
    if value and not re.fullmatch(r"\+?[0-9]{1,20}", value):
        raise problem("Use digits only, at most 20, with an optional + in front.")
    return value


def _did(value: str) -> str:
    if not value:
        raise problem("Enter a number.")
    if not is_pattern(value) and not re.fullmatch(r"\+?[0-9]*", value):
        raise problem("Enter digits with an optional + in front, or a pattern such as _4930123XX.")
    if not is_pattern(value):
        return _outside_number(value)
    try:
        # One way to write each: two DIDs that Asterisk takes for the same are the same here.
        pattern = canonical(parse_pattern(value)).text
    except ValueError as why:
        raise problem(str(why)) from why
    if len(pattern) > DID_LENGTH:
        raise problem(f"Use at most {DID_LENGTH} characters.")
    return pattern


def _target(value: str) -> str:
    if (value := value.lower()) == VOICEMAIL:
        return value
    if value and not re.fullmatch(r"\+?[0-9]{1,20}|[0-9a-z]{1,20}", value):
        raise problem(
            "Enter an extension, a number of at most 20 digits with an optional +, or voicemail."
        )
    if value in RESERVED:
        raise problem("No extension can have this name.")
    return value


def _mac(value: str) -> str:
    digits = _MAC_PUNCTUATION.sub("", value).lower()
    if digits and not _MAC.fullmatch(digits):
        raise problem("Enter 12 hexadecimal digits, such as 00:04:f2:a1:b2:c3.")
    return digits


def _group_name(value: str) -> str:
    if not value:
        raise problem("Enter the name of the group.")
    return _phone_group(value)


def _phone_group(value: str) -> str:
    # It names a pickup group, too, and Asterisk lists those with commas (res_pjsip, named groups).
    if not _NOT_IN_GROUPS.isdisjoint(value):
        raise problem("These characters cannot be part of a group's name: , ; ^")
    return _text(value)


def _text(value: str) -> str:
    if len(value) > TEXT_LENGTH:
        raise problem(f"Use at most {TEXT_LENGTH} characters.")
    if not value.isprintable():
        raise problem("Line breaks and control characters cannot be used here.")
    return value


def _phone_make(value: str) -> str:
    # Any text may be one: an import brings what another system calls a phone.
    return spelled_make(_text(value))


def _secret(value: str) -> str:
    if not value:
        return value
    if len(value) not in SECRET_LENGTH:
        raise problem(f"Use {SECRET_LENGTH.start} to {SECRET_LENGTH.stop - 1} characters.")
    # `;` begins an escape in sorcery's realtime values, and `,` separates in phones' own files.
    if not re.fullmatch(r"[A-Za-z0-9!#$%*+./:=?@_~-]+", value):
        raise problem("Use letters, digits and ! # $ % * + . / : = ? @ _ ~ - only.")
    return value


def _auth_username(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9._+-]{1,40}", value):
        raise problem("Use at most 40 letters, digits and . _ + - only.")
    return value


def _dahdi_channel(value: str) -> str:
    # A channel of its own, or a group dialled up (g), down (G) or in rotation (r, R).
    # https://docs.asterisk.org/Configuration/Channel-Drivers/DAHDI/
    if value and not re.fullmatch(r"[1-9][0-9]{0,3}|[gGrR]([0-9]|[1-5][0-9]|6[0-3])", value):
        raise problem("Enter a channel from 1 to 9999, or a group such as g0 or r1.")
    return value


def _ring_time(value: int | None) -> int | None:
    if value is not None and value not in RING_SECONDS:
        raise problem(f"Enter {RING_SECONDS.start} to {RING_SECONDS.stop - 1} seconds.")
    return value


def _registration_number(value: int) -> int:
    if value not in REGISTRATION_NUMBERS:
        first, last = REGISTRATION_NUMBERS.start, REGISTRATION_NUMBERS.stop - 1
        raise problem(f"Enter a number from {first} to {last}.")
    return value


def _login(value: str) -> str:
    name = normalised_login(value)
    if not name or len(name) > LOGIN_LENGTH or not name.isprintable():
        raise problem("There is no user of that name.")
    return name


def _users(value: list[str]) -> list[str]:
    if len(value) > MOST_USERS:
        raise problem(f"Give at most {MOST_USERS} users.")
    return value


def _dids(value: list[str]) -> list[str]:
    if len(value) > MOST_DIDS:
        raise problem(f"Give at most {MOST_DIDS} DIDs.")
    return value


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _empty_is_one(value: object) -> object:
    return 1 if isinstance(value, str) and not value.strip() else value


Number = Annotated[str, strip, AfterValidator(_number)]
CallerIdName = Annotated[str, strip, AfterValidator(_caller_id_name)]
Pin = Annotated[str, strip, AfterValidator(_pin)]
EmailAddress = Annotated[str, strip, AfterValidator(_email)]
EmailAddresses = Annotated[str, strip, AfterValidator(_emails)]
Language = Annotated[str, strip, AfterValidator(_language)]
TimeZone = Annotated[str, strip, AfterValidator(_time_zone)]
OutsideNumber = Annotated[str, strip, AfterValidator(_outside_number)]
Target = Annotated[str, strip, AfterValidator(_target)]
Mac = Annotated[str, strip, AfterValidator(_mac)]
Text = Annotated[str, strip, AfterValidator(_text)]
PhoneMake = Annotated[str, strip, AfterValidator(_phone_make)]
PhoneGroup = Annotated[str, strip, AfterValidator(_phone_group)]
GroupName = Annotated[str, strip, AfterValidator(_group_name)]
Secret = Annotated[str, strip, AfterValidator(_secret)]
AuthUsername = Annotated[str, strip, AfterValidator(_auth_username)]
DahdiChannel = Annotated[str, strip, AfterValidator(_dahdi_channel)]
RingTime = Annotated[int | None, AfterValidator(_ring_time), BeforeValidator(_empty_is_none)]
RegistrationNumber = Annotated[
    int, AfterValidator(_registration_number), BeforeValidator(_empty_is_one)
]
Name = Annotated[str, strip]
Login = Annotated[str, strip, AfterValidator(_login)]
Logins = Annotated[list[Login], split, no_doubles, AfterValidator(_users)]
Did = Annotated[str, strip, AfterValidator(_did)]
Dids = Annotated[list[Did], split, no_doubles, AfterValidator(_dids)]
