"""AMI messages as pbxbridge sends and sees them: pure, no I/O.

A message comes as its text, and is taken apart only for who wants it: of what a busy Asterisk
sends, most concerns nobody here. By hand, as panoramisk's own way takes five times as long.

Source: https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pbxbridge.mirror.ami_event import AmiEvent

# panoramisk puts a body of its own beside the headers.
_NOT_A_HEADER = "content"
_EVENT, _ACTION_ID = "Event: ", "\r\nActionID: "


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
        """Asterisk's own sentence about the outcome; some end with a line feed of their own."""
        return self.headers.get("Message", "").strip()

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


def first_line(event: str) -> str:
    """Return how a message begins that tells of an event."""
    return f"{_EVENT}{event}"


def event_name(text: str) -> str:
    """Return the event that a message tells of, empty if it is none; Asterisk names it first."""
    line = text.partition("\r\n")[0]
    return line.removeprefix(_EVENT) if line.startswith(_EVENT) else ""


def action_id(text: str) -> str:
    """Return which action a message answers, empty if none; it never stands first."""
    return text.partition(_ACTION_ID)[2].partition("\r\n")[0]


def headers_of(text: str) -> AmiEvent:
    """Return the headers of a message; a line that is none counts as one without a value."""
    lines = text.split("\r\n")
    headers = {}
    for line in lines:
        key, _, value = line.partition(": ")
        headers[key] = value
    return headers if len(headers) == len(lines) else _headers_with_repeats(lines)


def _headers_with_repeats(lines: Iterable[str]) -> AmiEvent:
    headers: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(": ")
        headers.setdefault(key, []).append(value)
    return {key: "\n".join(values) for key, values in headers.items()}


def flattened(message: Mapping[str, str]) -> AmiEvent:
    """Return the headers of a panoramisk message."""
    return {key: value for key, value in message.items() if key != _NOT_A_HEADER}
