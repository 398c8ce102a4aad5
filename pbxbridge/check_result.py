"""What ``pbxbridge check`` says of one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one check: a sentence, and when it failed what to do about it."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
