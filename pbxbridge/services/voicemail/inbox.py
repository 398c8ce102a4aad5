"""The voicemail of one extension for the person it belongs to: list, play, mark as heard, delete.

Whose box it is, is for the caller to check: nothing here asks.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.errors import AsteriskUnavailable, Conflict, NotFound
from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.voicemail.store import (
    FOLDERS,
    HEARD_FOLDER,
    NEW_FOLDERS,
    MessageMoved,
    MessageStore,
)

# A message may change its folder between the look and the action: then look once more.
TRIES = 2
SETTLE_SECONDS = 10.0

_CONTENT_TYPE = "audio/wav"

_FOLDER_NAMES = {"INBOX": "New"}


class Settled(Protocol):
    """Tells whether a message may be taken away (VoicemailRelay.settled)."""

    async def __call__(self, mailbox: str, msg_id: str, *, is_new: bool) -> bool: ...


Act = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as its owner sees it.

    ``folder`` is New, Urgent, Old, or one of the folders that a phone saves into. The caller's
    name and number are whatever the caller's side sent, empty if unknown. ``received_at`` is in
    UTC. ``playable`` means by a browser.
    """

    msg_id: str
    folder: str
    caller_name: str
    caller_number: str
    received_at: datetime
    seconds: int
    heard: bool
    playable: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as Asterisk stored it; ``file_name`` is what to call it on another machine."""

    content: bytes
    content_type: str
    file_name: str


class VoicemailInbox:
    """The mailboxes of one Asterisk, or of several that share a database."""

    def __init__(self, store: MessageStore, actions: MailboxActions, settled: Settled) -> None:
        """``settled`` tells whether a message may be taken away: none is before it is mailed."""
        self._store = store
        self._actions = actions
        self._settled = settled

    async def messages(self, number: str) -> list[MessageView]:
        """Return the messages, newest first. Raises AsteriskUnavailable if they cannot be read."""
        return [_view(message) for message in reversed(await self._read(number, FOLDERS))]

    async def sees_mailboxes(self) -> bool:
        """Tell whether there is any mailbox. Raises AsteriskUnavailable as messages()."""
        try:
            return bool(await self._store.mailboxes(MAILBOX_CONTEXT))
        except OSError as why:
            raise AsteriskUnavailable(f"The mailboxes cannot be read: {why}.") from why

    async def new_messages(self, number: str) -> int:
        """Count what nobody heard yet. Raises AsteriskUnavailable as messages()."""
        try:
            return (await self._store.counts(MAILBOX_CONTEXT, number)).new
        except OSError as why:
            raise AsteriskUnavailable(f"The mailbox {number} cannot be read: {why}.") from why

    async def recording(self, number: str, msg_id: str) -> Recording:
        """Return a message's recording. Raises NotFound, AsteriskUnavailable."""
        for _ in range(TRIES):
            message = await self._find(number, msg_id)
            try:
                content = b"".join([piece async for piece in self._store.recording(message)])
            except MessageMoved:
                continue
            except OSError as why:
                raise AsteriskUnavailable(f"The recording cannot be read: {why}.") from why
            return Recording(content, _CONTENT_TYPE, _file_name(message))
        raise AsteriskUnavailable(f"The recording {msg_id} of {number} cannot be read.")

    async def delete(self, actor: Actor, number: str, msg_id: str) -> None:
        """Delete a message for good, its mail being stored before.

        Raises NotFound; Conflict if the mailbox is in use or the mail could not be stored yet;
        AsteriskUnavailable. Then nothing was deleted.
        """

        async def remove(folder: str) -> bool:
            return await self._actions.remove(number, MAILBOX_CONTEXT, folder, msg_id)

        message = await self._take_out(number, msg_id, remove)
        await _record(actor, "voicemail.deleted", message)

    async def mark_heard(self, actor: Actor, number: str, msg_id: str) -> None:
        """Move a new message to the old ones; one that was heard stays. Raises as delete()."""
        if _is_heard(await self._find(number, msg_id)):
            return

        async def move(folder: str) -> bool:
            return await self._actions.move(
                number, MAILBOX_CONTEXT, folder, msg_id, to=HEARD_FOLDER
            )

        message = await self._take_out(number, msg_id, move)
        await _record(actor, "voicemail.heard", message)

    async def _take_out(self, number: str, msg_id: str, act: Act) -> VoicemailMessage:
        """Have Asterisk act on a message; return it as it was."""
        unsettled = False
        for _ in range(TRIES):
            message = await self._find(number, msg_id)
            if not await self._is_settled(message):
                unsettled = True
                continue
            if await self._actions.is_open(number, MAILBOX_CONTEXT):
                raise Conflict("Somebody is listening to this mailbox by phone. Try again later.")
            if await self._was_done(message, act):
                return message
        if unsettled:
            raise Conflict(
                "Its e-mail could not be stored yet. Try again later, or ask an administrator."
            )
        raise Conflict("The mailbox is in use, or its folder of old messages is full. Try again.")

    async def _was_done(self, message: VoicemailMessage, act: Act) -> bool:
        try:
            return await act(message.folder)
        except AsteriskUnavailable:
            # It may have been the answer that was lost, and what was done is to be recorded.
            there = await self._read(message.mailbox, [message.folder])
            if any(each.msg_id == message.msg_id for each in there):
                raise
            return True

    async def _is_settled(self, message: VoicemailMessage) -> bool:
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                return await self._settled(
                    message.mailbox, message.msg_id, is_new=not _is_heard(message)
                )
        except TimeoutError:
            return False

    async def _find(self, number: str, msg_id: str) -> VoicemailMessage:
        for message in await self._read(number, FOLDERS):
            if message.msg_id == msg_id:
                return message
        raise NotFound("This message is not there any more.")

    async def _read(self, number: str, folders: Sequence[str]) -> Sequence[VoicemailMessage]:
        try:
            return await self._store.messages(MAILBOX_CONTEXT, number, folders)
        except OSError as why:
            raise AsteriskUnavailable(f"The mailbox {number} cannot be read: {why}.") from why


def _is_heard(message: VoicemailMessage) -> bool:
    return message.folder not in NEW_FOLDERS


def _view(message: VoicemailMessage) -> MessageView:
    return MessageView(
        msg_id=message.msg_id,
        folder=_FOLDER_NAMES.get(message.folder, message.folder),
        caller_name=message.caller_name,
        caller_number=message.caller_number,
        received_at=message.received_at,
        seconds=message.duration,
        heard=_is_heard(message),
        playable=message.playable,
    )


def _file_name(message: VoicemailMessage) -> str:
    mailbox = re.sub(r"[^A-Za-z0-9]", "", message.mailbox)
    return f"voicemail-{mailbox}-{message.received_at:%Y%m%d-%H%M%S}.wav"


async def _record(actor: Actor, action: str, message: VoicemailMessage) -> None:
    """Record what Asterisk did. Who called is nobody else's business."""
    before = {
        "msg_id": message.msg_id,
        "received_at": message.received_at.isoformat(),
        "seconds": message.duration,
    }
    await audit.record_done(actor, action, message.mailbox, before=before)
