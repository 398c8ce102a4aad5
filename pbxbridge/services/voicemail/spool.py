"""Reads new messages from the folders in which app_voicemail keeps them.

``<spool>/<context>/<mailbox>/<folder>/msgNNNN.txt`` describes a message, ``msgNNNN.wav`` is its
recording. Messages are only read; the folder as a whole is deleted with its extension.

Why a message that can be read is a whole one (apps/app_voicemail.c; seen with inotify on 22.10):

* ``leave_voicemail`` records into ``tmp/``, closes both files, and then renames them into the
  folder, the recording first and the description second. ``copy_message`` (forwarding, several
  mailboxes in one VoiceMail()) writes in place, but closes the recording before it begins the
  description. So a description whose last line is there, with its line end, has a whole recording
  beside it. The last lines are ``flag`` and ``duration``; ``msg_id`` stands before them.
* Messages change their number while a mailbox is in use (``resequence_mailbox``), again the
  recording first. So a recording is only believed if the description beside it still has the same
  ``msg_id`` after the recording was opened.

The folder's ``.lock`` is therefore not looked at, and one left behind by a crash hides nothing.
What is not ready yet is left for the next look: Asterisk sends MessageWaiting when it is done.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import structlog

from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.services.voicemail.message_values import (
    checked_name,
    is_msg_id,
    parse_caller,
    parse_time,
)
from pbxbridge.services.voicemail.store import (
    FOLDERS,
    NEW_FOLDERS,
    PIECE_BYTES,
    Counts,
    MessageMoved,
    MessageStore,
)

# voicemail.conf's formats, both in a RIFF file: `wav` is 16-bit PCM; `wav49` is GSM, which no
# browser plays (formats/format_wav.c, format_wav_gsm.c).
PCM_SUFFIX = ".wav"
AUDIO_SUFFIXES = (PCM_SUFFIX, ".WAV")
DESCRIPTION_BYTES = 65536
# As app_voicemail writes them, and we read them.
_BEFORE_CALLERID = frozenset({"callerchan"})

_DESCRIPTION = re.compile(r"msg[0-9]{4,}\.txt")
DELETE_TRIES = 10

log = structlog.get_logger(__name__)


class VoicemailSpool(MessageStore):
    """The voicemail folder of one Asterisk, usually ``/var/spool/asterisk/voicemail``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def mailboxes(self, context: str) -> frozenset[str]:
        """Return the names of the mailboxes that have a folder.

        Raises OSError if the folder cannot be read; one that is not there yet is empty.
        """
        return await asyncio.to_thread(_names, self._root / checked_name(context))

    async def messages(
        self, context: str, mailbox: str, folders: Sequence[str] = NEW_FOLDERS
    ) -> tuple[VoicemailMessage, ...]:
        """Return the messages of these folders that are complete, oldest first.

        Raises ValueError for a name that cannot be a mailbox's, OSError if a folder that is there
        cannot be read.
        """
        home = self._root / checked_name(context) / checked_name(mailbox)
        return await asyncio.to_thread(_read_mailbox, home, mailbox, context, folders)

    async def counts(self, context: str, mailbox: str) -> Counts:
        """Return how many messages are new and old; raises as messages()."""
        home = self._root / checked_name(context) / checked_name(mailbox)
        return await asyncio.to_thread(_count, home)

    async def forget(self, context: str, mailbox: str) -> None:
        """Delete a mailbox's folder with every message and greeting; one that is not there is fine.

        Raises ValueError for a name that cannot be a mailbox's, OSError if it cannot be deleted.
        """
        home = self._root / checked_name(context) / checked_name(mailbox)
        await asyncio.to_thread(_delete_folder, home)

    async def recording(self, message: VoicemailMessage) -> AsyncGenerator[bytes, None]:
        """Yield the RIFF file of a message. Raises MessageMoved, OSError."""
        file = await asyncio.to_thread(_open_recording, message)
        with file:
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                yield piece


def parse_message(  # noqa: PLR0913 - where it was found, and what the file system says
    text: str, *, mailbox: str, context: str, folder: str, audio: Path | None, written_at: datetime
) -> VoicemailMessage | None:
    """Return the message that a description tells of, None if the description is not complete.

    Lines that are unknown are skipped. A broken ``origtime`` is replaced by ``written_at``, a
    broken ``duration`` by 0: better a mail with a wrong length than a message nobody hears of.
    The mailbox is the folder's, since ``origmailbox`` of a forwarded message is another's.
    """
    values = _values(text)
    msg_id = values.get("msg_id", "")
    if not text.endswith("\n") or "duration" not in values or not is_msg_id(msg_id):
        return None
    name, number = parse_caller(values.get("callerid", ""))
    return VoicemailMessage(
        msg_id=msg_id,
        mailbox=mailbox,
        context=context,
        folder=folder,
        caller_name=name,
        caller_number=number,
        received_at=parse_time(values.get("origtime", "")) or written_at,
        duration=_seconds(values["duration"]),
        playable=audio is not None and audio.suffix == PCM_SUFFIX,
        endpoint=_endpoint(values.get("callerchan", "")),
        file=str(audio or ""),
    )


def _values(text: str) -> Mapping[str, str]:
    """Read ``key=value`` lines, and the ``key = value`` of ``ast_config_text_file_save``.

    A caller's name with a line end in it must not pass for lines of Asterisk's: what stands before
    ``callerid`` is believed as it stands there, what follows it as it stands last.
    """
    values: dict[str, str] = {}
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        if equals and not line.startswith((";", "[")):
            if "callerid" in values and key.strip() in _BEFORE_CALLERID:
                continue
            values[key.strip()] = value.removeprefix(">").strip()
    return values


def _endpoint(channel: str) -> str:
    """Return whose channel ``PJSIP/1001-00000001`` is."""
    found = re.fullmatch(r"PJSIP/(.+)-[0-9a-f]{8}", channel)
    return found[1] if found else ""


def _seconds(duration: str) -> int:
    return int(duration) if re.fullmatch(r"[0-9]{1,7}", duration) else 0


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def _delete_folder(folder: Path) -> None:
    # Asterisk may be renaming a message in there: what vanishes amid the walk ends the walk.
    for _ in range(DELETE_TRIES):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            if folder.exists():
                continue
        return
    raise OSError(f"{folder.name} is in use")


def _read_mailbox(
    home: Path, mailbox: str, context: str, folders: Sequence[str]
) -> tuple[VoicemailMessage, ...]:
    # A message that is moved between the two looks is seen twice; the id tells that it is one.
    found = {}
    for folder in folders:
        for name in sorted(_names(home / folder)):
            if _DESCRIPTION.fullmatch(name):
                description = home / folder / name
                if message := _read_message(description, mailbox, context):
                    found[message.msg_id] = message
                else:
                    log.info("voicemail.not_ready", mailbox=mailbox, file=f"{folder}/{name}")
    return tuple(sorted(found.values(), key=lambda message: message.received_at))


def _count(home: Path) -> Counts:
    found = {
        folder: sum(bool(_DESCRIPTION.fullmatch(name)) for name in _names(home / folder))
        for folder in FOLDERS
    }
    new = sum(found[folder] for folder in NEW_FOLDERS)
    return Counts(new, sum(found.values()) - new)


def _read_message(description: Path, mailbox: str, context: str) -> VoicemailMessage | None:
    try:
        return parse_message(
            _read_text(description),
            mailbox=mailbox,
            context=context,
            folder=description.parent.name,
            audio=_audio_beside(description),
            written_at=datetime.fromtimestamp(int(description.stat().st_mtime), UTC),
        )
    except OSError:
        # It moved away, or has not got its permissions yet: mkstemp makes it 0600 and
        # app_voicemail changes that after the rename.
        return None


def _read_text(description: Path) -> str:
    # Caller names are whatever bytes the caller's side sent; UTF-8 is only the usual case.
    with description.open("rb") as file:
        return file.read(DESCRIPTION_BYTES).decode("utf-8", "replace")


def _audio_beside(description: Path) -> Path | None:
    candidates = (description.with_suffix(suffix) for suffix in AUDIO_SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def _open_recording(message: VoicemailMessage) -> BinaryIO:
    """Open the file, and only then ask whose it is: what was opened stays the same file."""
    if not message.file:
        raise FileNotFoundError("there is no recording beside the description")
    audio = Path(message.file)
    try:
        file = audio.open("rb")
    except FileNotFoundError as why:
        raise MessageMoved from why
    still = _read_message(audio.with_suffix(".txt"), message.mailbox, message.context)
    if still is None or still.msg_id != message.msg_id:
        file.close()
        raise MessageMoved
    return file
