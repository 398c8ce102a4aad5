"""What may be typed about trunks, routes, classes of service, phone groups and inbound calls."""

from __future__ import annotations

import ipaddress
import re
from datetime import time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from dialplan.class_of_service import DAYS
from dialplan.pattern import Pattern, parse_pattern, shortest
from pbxbridge.services.extension_fields import (
    AuthUsername,
    GroupName,
    Number,
    OutsideNumber,
    RingTime,
    Secret,
)
from pbxbridge.services.parsing import no_doubles, problem, split, strip

MOST_TRUNKS = 10
MOST_ADDRESSES = 20
# The shortest prefixes of a network, by version of IP.
WIDEST = {4: 16, 6: 32}
# The column that holds them.
ADDRESSES_LENGTH = 400
STRIPPED = range(21)
PORTS = range(1, 65536)
PIN_LENGTH = range(4, 13)
DESCRIPTION_LENGTH = 120

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,198}[A-Za-z0-9])?")


def _name(typed: str) -> str:
    if not typed:
        raise problem("Enter a name.")
    if not _NAME.fullmatch(typed := typed.lower()):
        raise problem("Use at most 30 letters, digits and hyphens, such as national-2.")
    if typed == "new":
        raise problem("This name has a meaning of its own. Choose another.")
    return typed


def _description(typed: str) -> str:
    if len(typed) > DESCRIPTION_LENGTH:
        raise problem(f"Use at most {DESCRIPTION_LENGTH} characters.")
    if not typed.isprintable():
        raise problem("Line breaks and control characters cannot be used here.")
    return typed


def _host(typed: str) -> str:
    if not typed:
        raise problem("Enter the carrier's host name or address.")
    if not _HOST.fullmatch(typed):
        raise problem("Enter a host name such as sip.carrier.example, or an IPv4 address.")
    return typed


def _port(number: int) -> int:
    if number not in PORTS:
        raise problem(f"Enter a number from {PORTS.start} to {PORTS.stop - 1}.")
    return number


def _addresses(typed: list[str]) -> list[str]:
    if len(typed) > MOST_ADDRESSES:
        raise problem(f"Give at most {MOST_ADDRESSES} addresses.")
    found = []
    for each in typed:
        try:
            network = ipaddress.ip_network(each, strict=False)
        except ValueError as why:
            raise problem(f"{each} is not an address or network such as 192.0.2.0/24.") from why
        if network.prefixlen < WIDEST[network.version]:
            raise problem(f"{each} is too wide: phones there could not call any more.")
        # One way to write each, so that doubles are seen.
        single = network.prefixlen == network.max_prefixlen
        found.append(str(network.network_address if single else network))
    if len(" ".join(found)) > ADDRESSES_LENGTH:
        raise problem("These are too many: give networks instead of single addresses.")
    return list(dict.fromkeys(found))


def _no_path(typed: str) -> str:
    # What an address would lose, and with it the group's own pages.
    if typed in (".", ".."):
        raise problem("This name has a meaning of its own. Choose another.")
    return typed


def _pattern(typed: str) -> str:
    try:
        return parse_pattern(typed).text
    except ValueError as why:
        raise problem(str(why)) from why


def _prepend(typed: str) -> str:
    if typed and not re.fullmatch(r"\+?[0-9*#]{0,20}", typed):
        raise problem("Use digits, * and # only, at most 20, with an optional + in front.")
    return typed


def _pin(typed: str) -> str:
    if typed and not (re.fullmatch("[0-9]+", typed) and len(typed) in PIN_LENGTH):
        raise problem(f"Use {PIN_LENGTH.start} to {PIN_LENGTH.stop - 1} digits.")
    return typed


def _clock(typed: str) -> str:
    if typed:
        try:
            return f"{time.fromisoformat(typed):%H:%M}"
        except ValueError as why:
            raise problem("Enter a time such as 08:30.") from why
    return typed


Name = Annotated[str, strip, AfterValidator(_name)]
Names = Annotated[list[Name], split, no_doubles]
Description = Annotated[str, strip, AfterValidator(_description)]
Clock = Annotated[str, strip, AfterValidator(_clock)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)


class TrunkInput(_Input):
    """A line to a carrier by SIP.

    ``port`` is a UDP port. ``secret`` left empty keeps the present one. ``caller_id`` is shown
    where an extension has no external caller ID. ``addresses`` are from where the carrier calls,
    besides ``host`` if that is an address. ``monitored``: Asterisk asks whether it is there.
    """

    name: Name
    description: Description = ""
    host: Annotated[str, strip, AfterValidator(_host)]
    port: Annotated[int, AfterValidator(_port)] = 5060
    registers: bool = False
    username: AuthUsername = ""
    secret: Secret = ""
    caller_id: OutsideNumber = ""
    addresses: Annotated[list[str], split, no_doubles, AfterValidator(_addresses)] = Field(
        default_factory=list
    )
    monitored: bool = True

    @field_validator("name")
    @classmethod
    def _not_an_auth(cls, name: str) -> str:
        # Its rows would be named trunk-auth, as the auth override of an extension `trunk` is.
        if name == "auth":
            raise problem("This name has a meaning of its own. Choose another.")
        return name


class RouteInput(_Input):
    """Numbers that go out: see dialplan/route.py."""

    name: Name
    description: Description = ""
    pattern: Annotated[str, strip, AfterValidator(_pattern)]
    strip: int = 0
    prepend: Annotated[str, strip, AfterValidator(_prepend)] = ""
    trunks: Names
    emergency: bool = False

    @field_validator("strip")
    @classmethod
    def _leaves_something(cls, count: int, info: ValidationInfo) -> int:
        if count not in STRIPPED:
            raise problem(f"Enter a number from 0 to {STRIPPED.stop - 1}.")
        pattern = info.data.get("pattern")  # one that is wrong says so itself
        if count and pattern and count >= len(shortest(Pattern(pattern))):
            raise problem("Nothing would be left of the shortest number that matches.")
        return count

    @field_validator("trunks")
    @classmethod
    def _some_trunk(cls, trunks: list[str]) -> list[str]:
        if not trunks:
            raise problem("Choose at least one trunk.")
        if len(trunks) > MOST_TRUNKS:
            raise problem(f"Choose at most {MOST_TRUNKS} trunks.")
        return trunks


class ClassInput(_Input):
    """A class of service: which routes, when, and whether with a PIN.

    Without ``days`` the routes may be used always, else on these from ``opens`` to ``closes``.
    ``pin`` left empty keeps the present one; without ``asks_pin`` there is none.
    """

    name: Name
    description: Description = ""
    routes: Names = Field(default_factory=list)
    days: Annotated[list[str], split, no_doubles] = Field(default_factory=list)
    opens: Clock = ""
    # Looked at even if it is not given: days without hours could not be read again.
    closes: Annotated[Clock, Field(validate_default=True)] = ""
    asks_pin: bool = False
    pin: Annotated[str, strip, AfterValidator(_pin)] = ""

    @field_validator("pin")
    @classmethod
    def _only_if_asked_for(cls, pin: str, info: ValidationInfo) -> str:
        return pin if info.data.get("asks_pin") else ""

    @field_validator("days")
    @classmethod
    def _known_days(cls, days: list[str]) -> list[str]:
        if not set(days) <= set(DAYS):
            raise problem("Choose days of the list.")
        return [day for day in DAYS if day in days]

    @field_validator("closes")
    @classmethod
    def _in_order(cls, closes: str, info: ValidationInfo) -> str:
        days, opens = info.data.get("days"), info.data.get("opens")
        if days == [] and (opens or closes):
            # Without days it would be always, which is more than what was meant.
            raise problem("Choose the days, too, or leave both times empty.")
        if days and (not opens or not closes):
            raise problem("Enter from when and until when.")
        if days and opens and opens >= closes:
            raise problem("Enter a time after the beginning, on the same day.")
        return closes


class GroupInput(_Input):
    """A phone group: the number that makes its members ring.

    ``ring_time`` is in seconds; ``fallback`` the extension that gets what nobody answers.
    """

    name: Annotated[GroupName, AfterValidator(_no_path)]
    number: Number
    ring_time: RingTime = None
    fallback: Annotated[str, strip] = ""


class InboundInput(_Input):
    """Where calls go whose DID nobody has: extension, group or queue; empty: they are refused."""

    unknown_did: Annotated[str, strip] = ""
