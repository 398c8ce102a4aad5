"""Tones: make one, and tell whether one is in a run of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

from . import g711


def ulaw_tone(hz: int, amplitude: int = 8000) -> bytes:
    """One second of a sine as mu-law; a whole number of hertz, so it repeats without a click."""
    step = 2 * math.pi * hz / g711.SAMPLE_RATE
    return g711.encode(round(amplitude * math.sin(step * n)) for n in range(g711.SAMPLE_RATE))


def goertzel_share(samples: Sequence[int], hz: float) -> float:
    """The share (0..1) of the samples' energy that lies at this frequency.

    A clean sine scores near 1, silence and other tones near 0. The frequency resolution is
    8000 Hz / len(samples): compare tones that are further apart than that.
    """
    energy = sum(sample * sample for sample in samples)
    if energy == 0:
        return 0.0
    omega = 2 * math.pi * hz / g711.SAMPLE_RATE
    coefficient = 2 * math.cos(omega)
    previous = before = 0.0
    for sample in samples:
        previous, before = sample + coefficient * previous - before, previous
    power = previous * previous + before * before - coefficient * previous * before
    return 2 * power / (len(samples) * energy)


def loudness(samples: Sequence[int]) -> float:
    """Root mean square of the samples, 0..32768."""
    if not samples:
        return 0.0
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))
