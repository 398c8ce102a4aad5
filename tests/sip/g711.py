"""G.711 mu-law between 16-bit samples and bytes (ITU-T G.711, table 2a)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

SAMPLE_RATE = 8000
SILENCE = 0xFF  # mu-law zero
_BIAS = 0x84
_CLIP = 32635  # the largest magnitude that leaves room for the bias


def encode(samples: Iterable[int]) -> bytes:
    """Mu-law bytes of samples in -32768..32767; louder ones are clipped."""
    return bytes(_encode_sample(sample) for sample in samples)


def decode(data: bytes) -> array[int]:
    """Signed 16-bit samples of mu-law bytes."""
    return array("h", [_DECODED[byte] for byte in data])


def _encode_sample(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8  # 0..7, the bias makes bit 7 the lowest leading one
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


def _decode_byte(byte: int) -> int:
    code = ~byte & 0xFF
    exponent, mantissa = (code >> 4) & 0x07, code & 0x0F
    magnitude = (((mantissa << 3) + _BIAS) << exponent) - _BIAS
    return -magnitude if code & 0x80 else magnitude


_DECODED = tuple(_decode_byte(byte) for byte in range(256))
