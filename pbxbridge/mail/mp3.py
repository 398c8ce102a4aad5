"""Turns 16-bit PCM into MP3, piece by piece, by LAME."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import lameenc

from pbxbridge.mail.wav import PcmSound

# Telephone speech has nothing above 4 or 8 kHz. Half the rate would do for 8 kHz, but that is
# MPEG-2.5, which some players refuse; 16 kHz is MPEG-2.
RATE = 16_000
KBITS_PER_CHANNEL = 32
CHANNELS = (1, 2)
# What Asterisk records at, and what lies between.
RATES = range(8_000, 48_001)
_QUALITY = 5  # of 2 (best) to 7 (fastest)


def can_encode(sound: PcmSound) -> bool:
    """Tell whether LAME takes this sound."""
    return sound.rate in RATES and sound.channels in CHANNELS


async def mp3_pieces(
    sound: PcmSound, beginning: bytes, rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """Yield the MP3 of a RIFF file, whose first bytes were read already; close ``rest``.

    A file that ends early gives what there is. Raises what reading the rest raises.
    """
    async with aclosing(rest), aclosing(_samples(sound, beginning, rest)) as samples:
        encoder = _encoder(sound)
        async for block in samples:
            # LAME lets go of the interpreter's lock: the service goes on meanwhile.
            if encoded := await asyncio.to_thread(encoder.encode, block):
                yield bytes(encoded)
        yield bytes(await asyncio.to_thread(encoder.flush))


async def _samples(
    sound: PcmSound, beginning: bytes, rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """Yield the samples in pieces, each of whole ones."""
    gathered, missing = bytearray(beginning[sound.start :]), sound.size
    while True:
        whole = min(len(gathered), missing) // sound.block * sound.block
        if whole:
            yield bytes(gathered[:whole])
            del gathered[:whole]
            missing -= whole
        # What may follow the samples (titles and the like) is not sound.
        if missing < sound.block or not (piece := await anext(rest, b"")):
            return
        gathered += piece


def _encoder(sound: PcmSound) -> lameenc.Encoder:
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(sound.channels)
    encoder.set_in_sample_rate(sound.rate)
    encoder.set_out_sample_rate(RATE)
    encoder.set_bit_rate(KBITS_PER_CHANNEL * sound.channels)
    encoder.set_quality(_QUALITY)
    encoder.encode(b"")  # or flush() would refuse where no samples came
    return encoder
