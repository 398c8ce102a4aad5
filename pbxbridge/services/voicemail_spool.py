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
  ``msg_id`` after the recording was read.

The folder's ``.lock`` is therefore not looked at, and one left behind by a crash hides nothing.
What is not ready yet is left for the next look: Asterisk sends MessageWaiting when it is done.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from pbxbridge.mail.voicemail_message import VoicemailMessage

# Asterisk keeps new urgent messages (VoiceMail's option U, or the caller's choice with review=yes)
# in a folder of their own.
NEW_FOLDERS = ("INBOX", "Urgent")
# What was heard goes to Old, or where it is saved by phone (app_voicemail.c, mailbox_folders).
HEARD_FOLDER = "Old"
FOLDERS = (
    *NEW_FOLDERS,
    HEARD_FOLDER,
    *("Work", "Family", "Friends"),
    *("Cust1", "Cust2", "Cust3", "Cust4", "Cust5"),
)
# voicemail.conf's formats wav and wav49, both in a RIFF file.
AUDIO_SUFFIXES = (".wav", ".WAV")
DESCRIPTION_BYTES = 65536

_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.+-]{1,80}")
_MSG_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAME_AND_NUMBER = re.compile(r'\s*"?(?P<name>.*?)"?\s*<(?P<number>[^<>]*)>\s*', re.DOTALL)

DELETE_TRIES = 10

log = structlog.get_logger(__name__)


class VoicemailSpool:
    """The voicemail folder of one Asterisk, usually ``/var/spool/asterisk/voicemail``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def mailboxes(self, context: str) -> frozenset[str]:
        """Return the names of the mailboxes that have a folder.

        Raises OSError if the folder cannot be read; one that is not there yet is empty.
        """
        return await asyncio.to_thread(_names, self._root / _checked(context))

    async def messages(
        self, context: str, mailbox: str, folders: Sequence[str] = NEW_FOLDERS
    ) -> tuple[VoicemailMessage, ...]:
        """Return the messages of these folders that are complete, oldest first.

        Raises ValueError for a name that cannot be a mailbox's, OSError if a folder that is there
        cannot be read.
        """
        home = self._root / _checked(context) / _checked(mailbox)
        return await asyncio.to_thread(_read_mailbox, home, mailbox, context, folders)

    async def forget(self, context: str, mailbox: str) -> None:
        """Delete a mailbox's folder with every message and greeting; one that is not there is fine.

        Raises ValueError for a name that cannot be a mailbox's, OSError if it cannot be deleted.
        """
        home = self._root / _checked(context) / _checked(mailbox)
        await asyncio.to_thread(_delete_folder, home)

    async def recording(self, message: VoicemailMessage) -> bytes | None:
        """Return the whole RIFF file of a message, None if it moved away meanwhile."""
        return await asyncio.to_thread(_read_recording, message)


def parse_message(
    text: str, *, mailbox: str, context: str, audio: Path, audio_time: datetime
) -> VoicemailMessage | None:
    """Return the message that a description tells of, None if the description is not complete.

    Lines that are unknown are skipped. A broken ``origtime`` is replaced by ``audio_time``, a
    broken ``duration`` by 0: better a mail with a wrong length than a message nobody hears of.
    The mailbox is the folder's, since ``origmailbox`` of a forwarded message is another's.
    """
    values = _values(text)
    msg_id = values.get("msg_id", "")
    if not text.endswith("\n") or "duration" not in values or not _MSG_ID.fullmatch(msg_id):
        return None
    name, number = parse_caller(values.get("callerid", ""))
    return VoicemailMessage(
        msg_id=msg_id,
        mailbox=mailbox,
        context=context,
        caller_name=name,
        caller_number=number,
        received_at=_time(values.get("origtime", "")) or audio_time,
        duration=_seconds(values["duration"]),
        audio=audio,
    )


def parse_caller(callerid: str) -> tuple[str, str]:
    """Split what ``ast_callerid_merge`` joined: ``"name" <number>``, one of them, or Unknown."""
    if both := _NAME_AND_NUMBER.fullmatch(callerid):
        return both["name"].strip(), both["number"].strip()
    alone = callerid.strip()
    if alone in ("", "Unknown"):
        return "", ""
    return ("", alone) if re.fullmatch(r"[0-9+*#]+", alone) else (alone, "")


def _values(text: str) -> Mapping[str, str]:
    """Read ``key=value`` lines, and the ``key = value`` of ``ast_config_text_file_save``."""
    values = {}
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        if equals and not line.startswith((";", "[")):
            values[key.strip()] = value.removeprefix(">").strip()
    return values


def _time(epoch: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(duration: str) -> int:
    return int(duration) if re.fullmatch(r"[0-9]{1,7}", duration) else 0


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a mailbox or of its context")
    return name


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
            if re.fullmatch(r"msg[0-9]{4,}\.txt", name):
                description = home / folder / name
                if message := _read_message(description, mailbox, context):
                    found[message.msg_id] = message
                else:
                    log.info("voicemail.not_ready", mailbox=mailbox, file=f"{folder}/{name}")
    return tuple(sorted(found.values(), key=lambda message: message.received_at))


def _read_message(description: Path, mailbox: str, context: str) -> VoicemailMessage | None:
    audio = _audio_beside(description)
    if audio is None:
        return None
    try:
        audio_time = datetime.fromtimestamp(int(audio.stat().st_mtime), UTC)
        return parse_message(
            _read_text(description),
            mailbox=mailbox,
            context=context,
            audio=audio,
            audio_time=audio_time,
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


def _read_recording(message: VoicemailMessage) -> bytes | None:
    description = message.audio.with_suffix(".txt")
    try:
        recording = message.audio.read_bytes()
    except OSError:
        return None
    still = _read_message(description, message.mailbox, message.context)
    return recording if still is not None and still.msg_id == message.msg_id else None
