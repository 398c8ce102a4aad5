"""What may be typed about agents and queues."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pbxbridge.services.calling.inputs import Name
from pbxbridge.services.extension_fields import NUMBER_LENGTH, Number, Pin
from pbxbridge.services.login_name import LOGIN_LENGTH, normalised_login
from pbxbridge.services.parsing import problem, split, strip

NAME_LENGTH = 40
PENALTIES = range(21)
MOST_MEMBERS = 500
RING_SECONDS = range(5, 301)
WRAP_UP_SECONDS = range(3601)
WAIT_SECONDS = range(86401)
ANNOUNCE_SECONDS = range(10, 3601)
SERVICE_SECONDS = range(5, 3601)

_MEMBER = re.compile(rf"([0-9a-z]{{1,{NUMBER_LENGTH}}})(?::([0-9]{{1,3}}))?")
_MUSIC = re.compile(r"[A-Za-z0-9_-]{1,40}")


def _agent_number(typed: str) -> str:
    if not typed:
        raise problem("Enter the number that the agent dials to log in.")
    if not re.fullmatch("[0-9]+", typed) or len(typed) > NUMBER_LENGTH:
        raise problem(f"Use digits only, at most {NUMBER_LENGTH}.")
    return typed


def _person(typed: str) -> str:
    if not typed:
        raise problem("Enter a name.")
    if len(typed) > NAME_LENGTH:
        raise problem(f"Use at most {NAME_LENGTH} characters.")
    if not typed.isprintable():
        raise problem("Line breaks and control characters cannot be part of a name.")
    return typed


def _login(typed: str) -> str:
    if len(typed) > LOGIN_LENGTH or "\0" in typed:
        raise problem("There is no such user.")
    return normalised_login(typed)


def _within(seconds: range) -> AfterValidator:
    def check(typed: int) -> int:
        if typed not in seconds:
            raise problem(f"Enter a number from {seconds.start} to {seconds.stop - 1}.")
        return typed

    return AfterValidator(check)


def _announced(typed: int) -> int:
    if typed and typed not in ANNOUNCE_SECONDS:
        first, last = ANNOUNCE_SECONDS.start, ANNOUNCE_SECONDS.stop - 1
        raise problem(f"Enter a number from {first} to {last}, or nothing.")
    return typed


def _empty_is_none(typed: object) -> object:
    return 0 if isinstance(typed, str) and not typed.strip() else typed


def _music(typed: str) -> str:
    if typed and not _MUSIC.fullmatch(typed):
        raise problem("Enter the name of a class of musiconhold.conf, such as default.")
    return typed


def _members(typed: list[str]) -> list[str]:
    if len(typed) > MOST_MEMBERS:
        raise problem(f"A queue has at most {MOST_MEMBERS} members of a kind.")
    found: dict[str, int] = {}
    for each in typed:
        parts = _MEMBER.fullmatch(each.lower())
        if not parts:
            raise problem(f"{each[:NUMBER_LENGTH]} is no number, or number:penalty such as 102:5.")
        number, penalty = parts[1], int(parts[2] or 0)
        if penalty not in PENALTIES:
            raise problem(f"A penalty is a number from 0 to {PENALTIES.stop - 1}.")
        if number in found:
            raise problem(f"{number} is named twice.")
        found[number] = penalty
    return as_typed(found.items())


def as_typed(members: Iterable[tuple[str, int]]) -> list[str]:
    """Return members as they are typed: ``101``, or ``102:5`` with a penalty."""
    return [f"{number}:{penalty}" if penalty else number for number, penalty in members]


def penalties(typed: Iterable[str]) -> dict[str, int]:
    """Return the penalty of each member that was typed; it was checked."""
    parts = (each.partition(":") for each in typed)
    return {number: int(penalty or 0) for number, _, penalty in parts}


empty_is_none = BeforeValidator(_empty_is_none)
Person = Annotated[str, strip, AfterValidator(_person)]
Members = Annotated[list[str], split, AfterValidator(_members)]
Strategy = Literal[
    "ringall",
    "leastrecent",
    "fewestcalls",
    "rrmemory",
    "rrordered",
    "linear",
    "random",
    "wrandom",
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)


class AgentInput(_Input):
    """An agent. ``pin`` left empty keeps the present one; ``user`` is a portal user's login."""

    number: Annotated[str, strip, AfterValidator(_agent_number)]
    first_name: Person
    last_name: Person
    pin: Pin = ""
    user: Annotated[str, strip, AfterValidator(_login)] = ""


class QueueInput(_Input):
    """A queue; times are in seconds (models/call_centre.py). Members are ``number[:penalty]``."""

    name: Name
    number: Number
    strategy: Strategy = "ringall"
    timeout: Annotated[int, _within(RING_SECONDS)] = 15
    wrap_up: Annotated[int, _within(WRAP_UP_SECONDS), empty_is_none] = 0
    music: Annotated[str, strip, AfterValidator(_music)] = "default"
    max_wait: Annotated[int, _within(WAIT_SECONDS), empty_is_none] = 0
    announce_every: Annotated[int, AfterValidator(_announced), empty_is_none] = 0
    service_level: Annotated[int, _within(SERVICE_SECONDS)] = 20
    join_empty: bool = True
    fallback: Annotated[str, strip] = ""
    agents: Members = Field(default_factory=list)
    extensions: Members = Field(default_factory=list)
