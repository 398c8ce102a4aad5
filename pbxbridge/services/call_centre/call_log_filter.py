"""Which calls of the log are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pbxbridge.services.audit_filter import Day, Text
from pbxbridge.services.parsing import parse, problem, strip


def _queue(typed: str) -> str:
    if len(typed) > 30 or not typed.isprintable():
        raise problem("Choose one of the list.")
    return typed


class CallLogFilter(BaseModel):
    """What is empty means any.

    ``search`` is a part of the caller's number, or of the number or name of who answered. ``from``
    and ``to`` are days of the call centre, both of them included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: Annotated[str, strip, AfterValidator(_queue)] = ""
    search: Text = ""
    first_day: Day = Field(default=None, alias="from")
    last_day: Day = Field(default=None, alias="to")

    @field_validator("last_day")
    @classmethod
    def _in_order(cls, last: Day, info: ValidationInfo) -> Day:
        first = info.data.get("first_day")
        if first and last and last < first:
            raise problem("This day is before the first.")
        return last


def parse_call_filter(values: Mapping[str, object]) -> CallLogFilter:
    """Check what was typed. Raises Invalid with one sentence per field."""
    return parse(CallLogFilter, values)
