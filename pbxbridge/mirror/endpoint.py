"""The state of one endpoint as the Extensions screen shows it."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The five words of the Extensions screen; ``BLANK`` is shown as an empty cell."""

    OK = "OK"
    UNREACHABLE = "UNREACHABLE"
    UNKNOWN = "UNKNOWN"
    UNMONITORED = "UNMONITORED"
    BLANK = ""


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What Asterisk last said of an endpoint.

    ``ip`` and ``port`` are those of the registered contact, empty and 0 when there is none;
    ``rtt_ms`` is the round trip of the last answered qualify in milliseconds, None if not known.
    """

    endpoint: str
    status: Status = Status.BLANK
    ip: str = ""
    port: int = 0
    rtt_ms: float | None = None
