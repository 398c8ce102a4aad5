"""A recording as a mail's attachment: as Asterisk recorded it, or as MP3."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from pbxbridge.mail.mp3 import can_encode, mp3_pieces
from pbxbridge.mail.wav import pcm_sound

Audio = Literal["wav", "mp3"]
# audio/x-wav is what app_voicemail itself gives to its formats wav and wav49; audio/mpeg: RFC 3003.
MIME_SUBTYPES: dict[Audio, str] = {"wav": "x-wav", "mp3": "mpeg"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """The bytes to attach, in pieces, and what they are."""

    audio: Audio
    pieces: AsyncGenerator[bytes, None]


async def attachment_of(recording: AsyncGenerator[bytes, None], wanted: Audio) -> Attachment:
    """Return the recording as wanted; one that cannot be made MP3 of stays what it is.

    That is what is not 16-bit PCM of one or two channels, or has an odd header. Closing the pieces
    closes the recording. Raises what reading it raises.
    """
    if wanted == "wav":
        return Attachment("wav", recording)
    beginning = await anext(recording, b"")
    sound = pcm_sound(beginning)
    if sound is not None and can_encode(sound):
        return Attachment("mp3", mp3_pieces(sound, beginning, recording))
    return Attachment("wav", _whole(beginning, recording))


async def _whole(
    beginning: bytes, rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        if beginning:
            yield beginning
        async for piece in rest:
            yield piece
