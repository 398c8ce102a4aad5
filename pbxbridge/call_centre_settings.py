"""Settings of the call centre: queues, agents, and what is kept of their calls."""

import re
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from pbxbridge.settings_group import Group

# What the dialplan returns for a reason: nothing that it could evaluate.
_REASON = re.compile(r"[^\W_][\w -]{0,38}[^\W_]|[^\W_]")
# They are dialled: *461 to *469.
MOST_REASONS = 9


def zone_or_none(value: str) -> str:
    """Return a time zone's name, or nothing. Raises ValueError for any other text."""
    if value and value not in available_timezones():
        raise ValueError(f"{value} is no time zone such as Europe/Berlin")
    return value


def _reasons(reasons: list[str]) -> list[str]:
    if len(reasons) > MOST_REASONS:
        raise ValueError(f"at most {MOST_REASONS} reasons can be dialled")
    for reason in reasons:
        if not _REASON.fullmatch(reason):
            raise ValueError(f"{reason!r}: a reason has letters, digits, blanks and hyphens only")
    return reasons


class CallCentreSettings(Group):
    """Why agents pause, since when it is today, and how long calls are kept in the log."""

    pause_reasons: Annotated[list[str], AfterValidator(_reasons)] = Field(
        default=["Break", "Lunch", "Meeting", "Training"], description="dialled *461, *462 ..."
    )
    time_zone: Annotated[str, AfterValidator(zone_or_none)] = Field(
        default="", description="whose midnight begins a day; empty: the machine's"
    )
    keep_days: int | None = Field(
        default=None, ge=1, le=3650, description="of the log of calls; None: for ever"
    )
