"""The state of one endpoint as the Extensions screen shows it."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """The five words of the Extensions screen; ``BLANK`` is shown as an empty cell."""

    OK = "OK"
    UNREACHABLE = "UNREACHABLE"
    UNKNOWN = "UNKNOWN"
    UNMONITORED = "UNMONITORED"
    BLANK = ""


class EndpointState(NamedTuple):
    """What Asterisk last said of an endpoint.

    ``ip`` and ``port`` are those of the registered contact, empty and 0 when there is none;
    ``rtt_ms`` is the round trip of the last answered qualify in milliseconds, None if not known.
    ``user_agent`` is what the device calls itself, empty if not known. ``last_seen`` (UTC) is when
    an endpoint that is not OK was last known to be, None for one that is, or never was.

    Not a frozen dataclass, which takes three times as long to make: in a storm it is made 100,000
    times a second.
    """

    endpoint: str
    status: Status = Status.BLANK
    ip: str = ""
    port: int = 0
    rtt_ms: float | None = None
    user_agent: str = ""
    last_seen: datetime | None = None
