"""AMI messages as pbxbridge sends and sees them: pure, no I/O.

Source: https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pbxbridge.mirror.ami_event import AmiEvent

# panoramisk puts a body of its own beside the headers.
_NOT_A_HEADER = "content"


@dataclass(frozen=True, slots=True)
class AmiResponse:
    """Asterisk's answer to one action; ``items`` are a list action's events without the last."""

    headers: AmiEvent
    items: tuple[AmiEvent, ...] = ()

    @property
    def success(self) -> bool:
        """Whether Asterisk did what it was asked."""
        return self.headers.get("Response") in {"Success", "Goodbye"}

    @property
    def message(self) -> str:
        """Asterisk's own sentence about the outcome."""
        return self.headers.get("Message", "")

    @classmethod
    def of(cls, messages: Sequence[AmiEvent]) -> AmiResponse:
        """Make the answer from a response and, for a list action, the events that follow it."""
        return cls(messages[0], tuple(messages[1:-1]))


def checked(name: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the action's headers.

    Raises ValueError for a line break or NUL in any of them: AMI ends a header at the line break
    and would run whatever action the rest of the value spells.
    """
    headers = {"Action": name, **fields}
    for key, value in headers.items():
        if any(character in text for text in (key, value) for character in "\r\n\0"):
            raise ValueError(f"line break or NUL in the AMI header {key!r} of {name!r}")
    return headers


def flattened(message: Mapping[str, str | list[str]]) -> AmiEvent:
    """Return the headers of a panoramisk message."""
    return {
        key: value if isinstance(value, str) else "\n".join(value)
        for key, value in message.items()
        if key != _NOT_A_HEADER
    }
