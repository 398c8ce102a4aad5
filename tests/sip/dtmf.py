"""DTMF digits as RTP events (RFC 4733)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .address import SipParseError

_DIGITS = "0123456789*#ABCD"
_FRAME = 160  # 20 ms in timestamp units
_VOLUME = 10  # -10 dBm0
_REPEATS = 3  # the end of an event is sent three times (RFC 4733, 2.5.1.4)


@dataclass(frozen=True)
class DtmfEvent:
    """One telephone-event payload; `duration` in timestamp units of 1/8000 s."""

    digit: str
    end: bool
    duration: int

    def to_bytes(self) -> bytes:
        """The four bytes of the payload."""
        flags = (0x80 if self.end else 0) | _VOLUME
        return struct.pack("!BBH", _DIGITS.index(self.digit), flags, self.duration)

    @classmethod
    def parse(cls, payload: bytes) -> DtmfEvent:
        """Read a payload. Raises SipParseError for a short one or an event that is no digit."""
        if len(payload) < 4 or payload[0] >= len(_DIGITS):
            raise SipParseError(f"not a DTMF event: {payload[:8].hex()}")
        event, flags, duration = struct.unpack_from("!BBH", payload)
        return cls(_DIGITS[event], bool(flags & 0x80), duration)


def key_press(digit: str, milliseconds: int = 100) -> Iterator[DtmfEvent]:
    """The events of one key press, one for each 20 ms frame. Raises ValueError for a non-digit."""
    digit = digit.upper()
    if len(digit) != 1 or digit not in _DIGITS:
        raise ValueError(f"not a DTMF digit: {digit!r}")
    frames = max(1, milliseconds // 20)
    for frame in range(1, frames + 1):
        yield DtmfEvent(digit, end=False, duration=frame * _FRAME)
    for _ in range(_REPEATS):
        yield DtmfEvent(digit, end=True, duration=frames * _FRAME)
