"""Finds new voicemail messages, and has each become a stored mail, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import structlog

from pbxbridge.events import EventBus, LinkChanged, MailboxChanged, Overflowed, Subscription
from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.models.extension import Extension
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services.column import fits
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.mailing.recordings import drop_abandoned_recordings
from pbxbridge.services.transfer.lookup import AT_ONCE, batches
from pbxbridge.services.voicemail.mail_storing import (
    Mailed,
    MailStoring,
    NotStorable,
    mailed_messages,
)
from pbxbridge.services.voicemail.store import FOLDERS, NEW_FOLDERS, MessageMoved, MessageStore

# A message's origtime is cut to whole seconds, and with the spool on another machine it is told by
# another clock. Two seconds are less than it takes to call, hear a greeting and speak.
CLOCK_TOLERANCE = timedelta(seconds=2)

# A recording that cannot be read may be on its way to another folder: so often it is looked at,
# with so many seconds between, until the outbox says that it cannot be read.
LOOKS = 3
LOOK_AGAIN_SECONDS = 2.0

log = structlog.get_logger(__name__)


@contextmanager
def _whatever_breaks(**where: str) -> Iterator[None]:
    """Go on after a fault of ours: it must neither keep the others waiting nor end the bridge."""
    try:
        yield
    except Exception:
        log.exception("voicemail.broke", **where)


class VoicemailRelay:
    """Watches the mailboxes of extensions that have an e-mail address.

    AMI's MessageWaiting names the mailbox that changed. All are looked at after a start, after
    the AMI link came up (events of the time before are lost), after this subscriber fell behind,
    and every ``sweep_seconds``.
    """

    def __init__(
        self, bus: EventBus, store: MessageStore, mails: MailStoring, *, sweep_seconds: float
    ) -> None:
        self._bus = bus
        self._store = store
        self._mails = mails
        self._sweep_seconds = sweep_seconds
        self._unreadable: Counter[tuple[str, str]] = Counter()
        # Of those that this bridge held: how often the message was not found since.
        self._absent: dict[tuple[str, str], int] = {}
        self._again: set[str] = set()
        self._look_at = 0.0

    async def run(self) -> None:
        """Relay what is there, then what comes; for ever."""
        with self._bus.subscribe() as events:
            while True:
                with _whatever_breaks():
                    await until_stored(drop_abandoned_recordings)
                    await self.sweep()
                await self._relay_until_sweep(events)

    async def sweep(self) -> None:
        """Relay the new messages of all mailboxes."""
        try:
            present = await until_stored(partial(self._store.mailboxes, MAILBOX_CONTEXT))
        except OSError as why:
            log.warning("voicemail.store_unreadable", reason=str(why))
            return
        for some in batches(sorted(present), AT_ONCE):
            for extension in await until_stored(partial(_with_mail, some)):
                with _whatever_breaks(mailbox=extension.number):
                    await self._relay(extension)

    async def relay(self, mailbox: str) -> None:
        """Relay the new messages of one mailbox of the context ``default``."""
        for extension in await until_stored(partial(_with_mail, [mailbox])):
            await self._relay(extension)

    async def settled(self, mailbox: str, msg_id: str, *, is_new: bool) -> bool:
        """Relay a mailbox now, and tell whether one of its messages needs nothing more.

        It does not if the outbox has the whole of it, or it is not to be mailed. False if it could
        not be read just now, and for a new one that was not found.
        """
        for extension in await until_stored(partial(_with_mail, [mailbox])):
            found = await self._relay(extension)
            if found is None or not found.get(msg_id, not is_new):
                return False
        return True

    async def _relay_until_sweep(self, events: Subscription) -> None:
        clock = asyncio.get_running_loop().time
        sweep_at = clock() + self._sweep_seconds
        while clock() < sweep_at:
            if self._again and clock() >= self._look_at:
                await self._look_again()
            until = min(sweep_at, self._look_at) if self._again else sweep_at
            try:
                async with asyncio.timeout_at(until):
                    event = await events.get()
            except TimeoutError:
                continue
            match event:
                case MailboxChanged() if event.context == MAILBOX_CONTEXT:
                    with _whatever_breaks(mailbox=event.mailbox):
                        await self.relay(event.mailbox)
                case LinkChanged(up=True) | Overflowed():
                    return

    def _note_to_look(self, mailbox: str) -> None:
        if not self._again:
            self._look_at = asyncio.get_running_loop().time() + LOOK_AGAIN_SECONDS
        self._again.add(mailbox)

    async def _look_again(self) -> None:
        again, self._again = self._again, set()
        for mailbox in sorted(again):
            with _whatever_breaks(mailbox=mailbox):
                await self.relay(mailbox)

    async def _relay(self, extension: Extension) -> dict[str, bool] | None:
        """Have a mailbox's messages mailed; None if they cannot be read, else as _relay_all."""
        try:
            return await self._relay_all(extension)
        except OSError as why:
            mailbox, reason = extension.number, str(why)
            log.warning("voicemail.mailbox_unreadable", mailbox=mailbox, reason=reason)
            return None

    async def _relay_all(self, extension: Extension) -> dict[str, bool]:
        """Store what is new, then what could not be stored before, wherever that is now.

        Return whether each message needs nothing more: the new ones, and those whose mail is not
        whole.
        """
        number = extension.number
        new = await self._look(number)
        msg_ids = [message.msg_id for message in new]
        known = await until_stored(partial(mailed_messages, number, msg_ids))
        settled = {msg_id: mailed is Mailed.WHOLE for msg_id, mailed in known.items()}
        for message in new:
            mailed = known.get(message.msg_id)
            settled[message.msg_id] = await self._relay_message(message, extension, mailed)
        held = {msg_id for msg_id, mailed in known.items() if mailed is Mailed.HELD}
        if missing := held.difference(msg_ids):
            for message in await self._look(number, FOLDERS):
                if message.msg_id in missing:
                    missing.remove(message.msg_id)
                    settled[message.msg_id] = await self._relay_message(
                        message, extension, Mailed.HELD
                    )
        for msg_id in missing:
            await self._not_found(number, msg_id)
        return settled

    async def _relay_message(
        self, message: VoicemailMessage, extension: Extension, mailed: Mailed | None
    ) -> bool:
        """Have a message mailed that is to be; return whether nothing more is to be done."""
        if mailed is Mailed.WHOLE:
            return True
        if _is_for(message, extension):
            return await self._store_mail(message, extension)
        if mailed is Mailed.HELD:
            reason = "The message is older than the address of its box."
            await self._mails.give_up(message.mailbox, message.msg_id, reason)
        return True

    async def _look(
        self, number: str, folders: Sequence[str] = NEW_FOLDERS
    ) -> tuple[VoicemailMessage, ...]:
        look = partial(self._store.messages, MAILBOX_CONTEXT, number, folders)
        return await until_stored(look)

    async def _store_mail(self, message: VoicemailMessage, extension: Extension) -> bool:
        """Store the mail of a message; False if that is not possible just now."""
        key = (message.mailbox, message.msg_id)
        try:
            await self._mails.store(message, extension)
        except MessageMoved:
            self._note_to_look(message.mailbox)
            return False
        except NotStorable as why:
            reason = str(why)
        except Exception as why:
            log.exception("voicemail.not_stored", mailbox=message.mailbox, msg_id=message.msg_id)
            reason = f"The mail cannot be stored: {type(why).__name__}"
        else:
            self._unreadable.pop(key, None)
            self._absent.pop(key, None)
            return True
        self._unreadable[key] += 1
        if self._unreadable[key] < LOOKS:
            self._note_to_look(message.mailbox)
        else:
            await self._mails.hold(message, extension, reason)
            self._absent[key] = 0
        return False

    async def _not_found(self, mailbox: str, msg_id: str) -> None:
        """Give a held mail up if its message is gone.

        Only what this bridge found itself it can miss, and not after one look: of several bridges
        another may see what this one cannot, and a message is in no folder while it is moved.
        """
        absent = self._absent.get((mailbox, msg_id))
        if absent is None or not await self._sees_the_store():
            return
        self._absent[mailbox, msg_id] = absent + 1
        if absent + 1 < LOOKS:
            self._note_to_look(mailbox)
            return
        del self._absent[mailbox, msg_id]
        reason = "The message is not there any more, and its recording never could be read."
        await self._mails.give_up(mailbox, msg_id, reason)

    async def _sees_the_store(self) -> bool:
        """Tell whether there is any mailbox: of several bridges, one may lack the spool."""
        return bool(await until_stored(partial(self._store.mailboxes, MAILBOX_CONTEXT)))


def _is_for(message: VoicemailMessage, extension: Extension) -> bool:
    """Tell whether the message was left after the box got its address."""
    since = extension.mail_since
    return since is not None and message.received_at >= since - CLOCK_TOLERANCE


async def _with_mail(mailboxes: Iterable[str]) -> list[Extension]:
    """Return the extensions that have one of these mailboxes, and their voicemail mailed."""
    numbers = [mailbox for mailbox in mailboxes if fits(Extension, "number", mailbox)]
    found = Extension.filter(number__in=numbers, voicemail=True, mail_since__not_isnull=True)
    return await found.exclude(voicemail_email="")
