"""A caller who speaks to a mailbox: a call straight into VoiceMail()."""

from __future__ import annotations

from pathlib import Path

from dialplan.extension_row import CONTEXT as EXTENSIONS
from pbxbridge.models.realtime import DialplanRow
from tests.eventually import eventually
from tests.rig.asterisk import AsteriskInstance
from tests.sip import Phone
from tests.sip.outgoing import OutgoingCall

NUMBER = "800"
TONE_HZ = 700
BYTES_PER_SECOND = 16_000
# Whatever is shorter than 2 s Asterisk throws away (voicemail.conf, minsecs).
LONG_ENOUGH_SECONDS = 2.6


async def call_mailbox(caller: Phone, arguments: str) -> OutgoingCall:
    """Call VoiceMail with these arguments, and play a tone; returns once it answered."""
    await DialplanRow.update_or_create(
        context=EXTENSIONS,
        exten=NUMBER,
        priority=1,
        defaults={"app": "VoiceMail", "appdata": arguments},
    )
    call = await caller.call(NUMBER)
    call.play_tone(TONE_HZ)
    await call.wait_answered(10)
    return call


async def speak_to(asterisk: AsteriskInstance, caller: Phone, arguments: str) -> None:
    """Leave a message that is long enough. The first mailbox of the arguments is recorded into."""
    mailbox, _, context = arguments.partition(",")[0].partition("&")[0].partition("@")
    under_way = asterisk.voicemail / context / mailbox / "tmp"
    call = await call_mailbox(caller, arguments)
    await eventually(lambda: length_so_far(under_way) > LONG_ENOUGH_SECONDS * BYTES_PER_SECOND)
    await call.hangup()


def length_so_far(folder: Path) -> int:
    """Return the bytes of a recording under way. Asterisk writes 32 kB at once."""
    return sum(path.stat().st_size for path in folder.glob("*.wav"))
