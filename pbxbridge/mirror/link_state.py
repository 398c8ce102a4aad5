"""Whether what Asterisk said of its endpoints still holds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether the states of a node are fresh, since when (UTC), and when they are not: why."""

    up: bool
    since: datetime
    reason: str = ""
