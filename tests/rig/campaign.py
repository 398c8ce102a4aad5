"""Campaigns: tests that `make soak` runs for long, and `make test` in a short form."""

import os
from typing import TypeVar

VARIABLE = "PBXBRIDGE_SOAK"


T = TypeVar("T")


def times(long: T, short: T) -> T:
    """Return how often, how many seconds, or of what: ``long`` in a campaign, else ``short``."""
    return long if os.environ.get(VARIABLE) == "1" else short
