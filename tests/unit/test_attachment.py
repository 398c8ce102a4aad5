"""Recordings as attachments: MP3 that holds the same sound, and all else as it is."""

import asyncio
import io
import math
import struct
import wave
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbxbridge.mail.attachment import Attachment, Audio, attachment_of
from pbxbridge.services.voicemail.store import MessageMoved


def tone(seconds: float, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """Return a WAV file of a tone."""
    count = round(seconds * rate)
    samples = (round(9000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(count))
    frames = b"".join(struct.pack("<h", sample)[-width:] * channels for sample in samples)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return buffer.getvalue()


class Recording:
    """A recording that is read in pieces, and knows whether it was closed."""

    def __init__(self, content: bytes, piece: int = 4096, fault: Exception | None = None) -> None:
        self.closed = False
        self.read = 0
        self.pieces = self._pieces(content, piece, fault)

    async def _pieces(
        self, content: bytes, piece: int, fault: Exception | None
    ) -> AsyncGenerator[bytes, None]:
        try:
            for start in range(0, len(content), piece):
                self.read += piece
                yield content[start : start + piece]
            if fault:
                raise fault
        finally:
            self.closed = True


async def attached(
    content: bytes, wanted: Audio = "mp3", *, piece: int = 4096
) -> tuple[Audio, bytes]:
    """Return what is attached of a recording, whole."""
    recording = Recording(content, piece)
    attachment = await attachment_of(recording.pieces, wanted)
    whole = b"".join([part async for part in attachment.pieces])
    assert recording.closed
    return attachment.audio, whole


@dataclass(frozen=True)
class Mp3:
    """What the headers of all frames say."""

    rate: int
    kbits: int
    channels: int
    seconds: float


def parse_mp3(content: bytes) -> Mp3:
    """Read every frame of MPEG-2 layer III (ISO/IEC 13818-3, 2.4.2.3); nothing lies between."""
    position, frames, kinds = 0, 0, set()
    while position < len(content):
        header = int.from_bytes(content[position : position + 4])
        assert header >> 21 == 0x7FF, f"no frame at {position}"
        assert header >> 19 & 3 == 2, "not MPEG-2"
        assert header >> 17 & 3 == 1, "not layer III"
        kbits = (None, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)[header >> 12 & 15]
        rate = (22050, 24000, 16000)[header >> 10 & 3]
        assert kbits
        kinds.add((rate, kbits, 1 if header >> 6 & 3 == 3 else 2))
        position += 72 * kbits * 1000 // rate + (header >> 9 & 1)
        frames += 1
    assert position == len(content)
    ((rate, kbits, channels),) = kinds
    return Mp3(rate, kbits, channels, frames * 576 / rate)


@pytest.mark.parametrize(
    ("rate", "channels"),
    [(8000, 1), (16000, 1), (8000, 2), (48000, 2), (44100, 1), (11025, 1), (12000, 1)],
)
async def test_pcm_becomes_mp3_of_the_same_length(rate: int, channels: int) -> None:
    audio, content = await attached(tone(3, rate, channels))
    mp3 = parse_mp3(content)
    assert audio == "mp3"
    assert (mp3.rate, mp3.kbits, mp3.channels) == (16000, 32 * channels, channels)
    # The encoder begins and ends with frames of its own.
    assert 3 <= mp3.seconds < 3.2


async def test_mp3_is_a_quarter_of_a_telephone_recording() -> None:
    recording = tone(20)
    _, content = await attached(recording)
    assert len(content) < 0.27 * len(recording)


@pytest.mark.parametrize("piece", [100, 1001, 4096, 1_000_000])
async def test_it_does_not_matter_how_a_recording_is_cut(piece: int) -> None:
    recording = tone(0.5, channels=2)
    assert await attached(recording, piece=piece) == await attached(recording)


async def test_where_wav_is_wanted_a_recording_stays_as_it_is() -> None:
    recording = tone(0.2)
    assert await attached(recording, "wav") == ("wav", recording)


def riff(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    """Return a RIFF file; ``size`` is what its last chunk says that it has."""
    sizes = [len(body) for _, body in chunks[:-1]] + [
        len(chunks[-1][1]) if size is None else size,
    ]
    parts = (
        struct.pack("<4sI", name, said) + body + b"\0" * (len(body) % 2)
        for (name, body), said in zip(chunks, sizes, strict=True)
    )
    content = b"WAVE" + b"".join(parts)
    return struct.pack("<4sI", b"RIFF", len(content)) + content


def pcm_format(tag: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    block = channels * bits // 8
    return struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)


SOUND = tone(1)[44:]

AS_THEY_ARE = {
    "empty": b"",
    "a few bytes": b"RIFF",
    "header only": tone(0),
    "header cut off": tone(1)[:40],
    "GSM (wav49)": riff((b"fmt ", pcm_format(tag=0x31)), (b"data", SOUND)),
    "A-law": riff((b"fmt ", pcm_format(tag=6, bits=8)), (b"data", SOUND)),
    "8 bits": tone(0.2, width=1),
    "24 bits": riff((b"fmt ", pcm_format(bits=24)), (b"data", SOUND)),
    "no channel": riff((b"fmt ", pcm_format(channels=0)), (b"data", SOUND)),
    "six channels": tone(0.1, channels=6),
    "odd block": riff((b"fmt ", pcm_format()[:12] + b"\x03\0\x10\0"), (b"data", SOUND)),
    "rate 0": riff((b"fmt ", pcm_format(rate=0)), (b"data", SOUND)),
    "rate of millions": riff((b"fmt ", pcm_format(rate=4_000_000)), (b"data", SOUND)),
    "short format": riff((b"fmt ", b"\1\0\1\0"), (b"data", SOUND)),
    "no format": riff((b"data", SOUND)),
    "no sound": riff((b"fmt ", pcm_format())),
    "never finished": riff((b"fmt ", pcm_format()), (b"data", SOUND), size=0),
    "sound far behind": riff((b"fmt ", pcm_format()), (b"LIST", bytes(5000)), (b"data", SOUND)),
    "big-endian": b"RIFX" + tone(1)[4:],
    "MP3 already": b"\xff\xf3\x48\xc4" + bytes(1000),
}


@pytest.mark.parametrize("case", AS_THEY_ARE)
async def test_what_is_not_plain_pcm_stays_as_it_is(case: str) -> None:
    assert await attached(AS_THEY_ARE[case]) == ("wav", AS_THEY_ARE[case])


async def test_chunks_before_and_behind_the_sound_are_not_heard() -> None:
    plain = await attached(tone(1))
    title = (b"LIST", b"INFOINAM\x05\0\0\0Hello")
    dressed = riff(title, (b"fmt ", pcm_format() + b"\0\0"), title, (b"data", SOUND), title)
    assert await attached(dressed) == plain


@pytest.mark.parametrize("size", [len(SOUND) + 4000, 0xFFFFFFFF])
async def test_of_a_file_that_ends_early_there_is_what_there_is(size: int) -> None:
    cut = riff((b"fmt ", pcm_format()), (b"data", SOUND), size=size)
    assert await attached(cut) == await attached(tone(1))
    audio, content = await attached(cut[:44])
    assert audio == "mp3"
    assert parse_mp3(content).seconds < 0.2


@settings(max_examples=50)
@given(
    st.binary(max_size=300) | st.binary(max_size=300).map(lambda junk: tone(0.01)[:36] + junk),
    st.integers(1, 300),
)
def test_no_content_breaks_it(content: bytes, piece: int) -> None:
    # Hypothesis calls plain functions only.
    audio, whole = asyncio.run(attached(content, piece=piece))
    assert audio == "mp3" or whole == content


@pytest.mark.parametrize("fault", [OSError("disk"), MessageMoved("1-1")])
@pytest.mark.parametrize("content", [b"", tone(2)[:-1000]], ids=["at once", "amid"])
async def test_what_reading_raises_is_raised(fault: Exception, content: bytes) -> None:
    recording = Recording(content, fault=fault)
    with pytest.raises(type(fault)):
        async for _ in (await attachment_of(recording.pieces, "mp3")).pieces:
            pass
    assert recording.closed


@pytest.mark.parametrize("content", [tone(30), b"not a recording" * 10_000])
async def test_who_stops_reading_closes_the_recording_and_reads_no_further(content: bytes) -> None:
    recording = Recording(content, piece=16_000)
    attachment: Attachment = await attachment_of(recording.pieces, "mp3")
    async with aclosing(attachment.pieces) as pieces:
        assert await anext(pieces)
    assert recording.closed
    assert recording.read <= 2 * 16_000
