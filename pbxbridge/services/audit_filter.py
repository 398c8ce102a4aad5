"""What may be asked of the audit: one model for the search form and the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from pbxbridge.services.parsing import parse, problem, strip

TEXT_LENGTH = 80
# The kinds of entries, by how their actions begin.
KINDS: Mapping[str, str] = {
    "extension": "extension.",
    "user": "user.",
    "sign-in": "user.sign",
    "token": "user.api-token-",
    "class-of-service": "class-of-service.",
    "route": "route.",
    "trunk": "trunk.",
    "phone-group": "phone-group.",
    "inbound": "inbound.",
    "mail": "mail.",
    "voicemail": "voicemail.",
    "invitation": "invitation.",
}


def _text(typed: str) -> str:
    if len(typed) > TEXT_LENGTH:
        raise problem(f"Use at most {TEXT_LENGTH} characters.")
    if not typed.isprintable():
        raise problem("Line breaks and control characters cannot be searched for.")
    return typed


def _name(typed: str) -> str:
    if not re.fullmatch(r"[a-z0-9_.-]{0,40}", typed):
        raise problem("Choose one of the list.")
    return typed


def _kind(typed: str) -> str:
    if typed and typed not in KINDS:
        raise problem("Choose one of the list.")
    return typed


def _date(typed: object) -> object:
    if typed in ("", None) or isinstance(typed, date):
        return typed or None
    try:
        return date.fromisoformat(str(typed).strip())
    except ValueError as error:
        raise problem("Enter a date such as 2026-01-31.") from error


Text = Annotated[str, strip, AfterValidator(_text)]
Name = Annotated[str, strip, AfterValidator(_name)]
Day = Annotated[date | None, BeforeValidator(_date)]


class AuditFilter(BaseModel):
    """Which entries; what is empty means any.

    ``subject`` and ``actor`` are whole words, or parts of one with ``*`` at the open end: ``10*``,
    ``*01``, ``*00*``. ``kind`` is one of KINDS, ``action`` an action's name, ``field`` the name of
    a field that changed. ``from`` and ``to`` are days in UTC, both of them included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Text = ""
    actor: Text = ""
    kind: Annotated[str, strip, AfterValidator(_kind)] = ""
    action: Name = ""
    field: Name = ""
    first_day: Day = Field(default=None, alias="from")
    last_day: Day = Field(default=None, alias="to")

    @field_validator("last_day")
    @classmethod
    def _in_order(cls, last: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("first_day")
        if first and last and last < first:
            raise problem("This day is before the first.")
        return last


def parse_filter(values: Mapping[str, object]) -> AuditFilter:
    """Check what was typed. Raises Invalid with one sentence per field."""
    return parse(AuditFilter, values)
