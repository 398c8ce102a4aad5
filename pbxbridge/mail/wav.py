"""Reads the beginning of a RIFF file: is it plain PCM, and where do its samples begin? Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_PCM = 1  # WAVE_FORMAT_PCM (RFC 2361)
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")  # tag, channels, rate, bytes per second, block, bits


@dataclass(frozen=True, slots=True)
class PcmSound:
    """16-bit PCM: samples per second, channels, and which bytes of the file are samples."""

    rate: int
    channels: int
    start: int
    size: int

    @property
    def block(self) -> int:
        """The bytes of one sample of each channel."""
        return 2 * self.channels


def pcm_sound(beginning: bytes) -> PcmSound | None:
    """Return what the file has after these first bytes of it, None if that is not 16-bit PCM.

    None, too, if the samples do not begin within them, or there are none.
    """
    sound = None
    for name, start, size in _chunks(beginning):
        if name == b"data":
            return PcmSound(*sound, start, size) if sound and size else None
        if name == b"fmt ":
            sound = _rate_and_channels(beginning[start : start + size])
    return None


def is_16_bit_pcm(beginning: bytes) -> bool:
    """Tell whether a file that begins so says that it is 16-bit PCM, which browsers play."""
    return any(
        name == b"fmt " and _rate_and_channels(beginning[start : start + size])
        for name, start, size in _chunks(beginning)
    )


def _chunks(beginning: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each chunk that begins within these bytes, its place and its length."""
    if beginning[:4] != b"RIFF" or beginning[8:12] != b"WAVE":
        return
    position = 12
    while position + _CHUNK.size <= len(beginning):
        name, size = _CHUNK.unpack_from(beginning, position)
        position += _CHUNK.size
        yield name, position, size
        position += size + size % 2  # a chunk of odd length is padded


def _rate_and_channels(chunk: bytes) -> tuple[int, int] | None:
    if len(chunk) < _FORMAT.size:
        return None
    tag, channels, rate, _, block, bits = _FORMAT.unpack_from(chunk)
    if (tag, bits, block) != (_PCM, 16, 2 * channels):
        return None
    return rate, channels
