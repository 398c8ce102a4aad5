"""What still uses something that is to be deleted: known of it must be whoever deletes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pbxbridge.errors import Conflict


@dataclass(frozen=True, slots=True)
class Usage:
    """One thing that still uses it; ``key`` is what confirms that it is known."""

    key: str
    sentence: str


class InUse(Conflict):
    """It is used by something that the deletion did not confirm."""

    def __init__(self, what: str, usages: Sequence[Usage]) -> None:
        """``what`` begins the sentence, as ``Extension 1002``."""
        super().__init__(f"{what} is still in use.")
        self.usages = list(usages)
