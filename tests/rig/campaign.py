"""Campaigns: tests that `make soak` runs for long, and `make test` in a short form."""

import os

VARIABLE = "PBXBRIDGE_SOAK"


def times(long: int, short: int) -> int:
    """Return how often, or for how many seconds: ``long`` in a campaign, else ``short``."""
    return long if os.environ.get(VARIABLE) == "1" else short
