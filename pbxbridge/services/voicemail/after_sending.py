"""What becomes of a message once it is mailed: it is kept, marked as heard, or deleted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import NoReturn

import structlog

from pbxbridge.errors import AsteriskUnavailable, Conflict, NotFound
from pbxbridge.events import EventBus, LinkChanged, OutboxChanged, Overflowed, Subscription
from pbxbridge.models.extension import AfterSending as Wish
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.actor import BRIDGE
from pbxbridge.services.backoff import retry_delay
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.transfer.lookup import AT_ONCE, batches
from pbxbridge.services.voicemail.inbox import MessageView, VoicemailInbox

# Where a message is that nobody put there: new, or heard. A phone saves into the other folders, and
# what somebody saved is not deleted.
_NOT_SAVED = ("New", "Urgent", "Old")
_WANTED = (Wish.HEARD, Wish.DELETE)
# What comes in a burst is looked at together. A wait ends early, so that a clock that was set and
# what another bridge did are seen.
SETTLE_SECONDS = 0.2
LONGEST_PAUSE = 60.0

log = structlog.get_logger(__name__)


class AfterSending:
    """Has Asterisk do it, as VoicemailInbox does for people, until it is done.

    It is due once every mail of a message is sent, and the column ``after_sending`` of their rows
    says so until it was done. A box where it does not work is tried again after a pause of its own,
    longer each time. How often it failed is kept in memory only.
    """

    def __init__(
        self,
        bus: EventBus,
        inbox: VoicemailInbox,
        *,
        clock: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Tell the time by ``clock`` (with a zone), and spread retries by ``jitter`` (0 to 1)."""
        self._bus = bus
        self._inbox = inbox
        self._clock = clock
        self._jitter = jitter
        self._failures: Counter[str] = Counter()
        self._not_before: dict[str, datetime] = {}

    async def run(self) -> NoReturn:
        """Do what is due, then whenever a mail was sent or the next try is due; for ever."""
        with self._bus.subscribe() as events:
            while True:
                await self._wait(events, await self.step())

    async def step(self) -> float:
        """Do what is due; return the seconds until the next try is."""
        now = self._clock()
        for mailbox, wishes in (await until_stored(_due)).items():
            if self._not_before.get(mailbox, now) <= now:
                await self._do_all(mailbox, wishes)
        self._not_before = {box: at for box, at in self._not_before.items() if at > now}
        pauses = [(at - now).total_seconds() for at in self._not_before.values()]
        return min([LONGEST_PAUSE, *pauses])

    async def _do_all(self, mailbox: str, wishes: dict[str, Wish]) -> None:
        """Do what is due in a mailbox; what is in the way of one is in the way of all."""
        try:
            for msg_id, wish in wishes.items():
                await self._do(mailbox, msg_id, wish)
                await until_stored(partial(_done, mailbox, msg_id))
        except (AsteriskUnavailable, Conflict) as why:
            log.info("voicemail.after_sending_delayed", mailbox=mailbox, reason=str(why))
        except Exception:
            # A fault of ours at one box must not keep the others waiting.
            log.exception("voicemail.after_sending_broke", mailbox=mailbox)
        else:
            del self._failures[mailbox]
            return
        self._failures[mailbox] += 1
        pause = retry_delay(self._failures[mailbox], self._jitter())
        self._not_before[mailbox] = self._clock() + pause

    async def _do(self, mailbox: str, msg_id: str, wish: Wish) -> None:
        """Have it done, unless the message is gone, or somebody did something with it already."""
        found = {message.msg_id: message for message in await self._inbox.messages(mailbox)}
        message = found.get(msg_id)
        if message is None and not await self._inbox.sees_mailboxes():
            raise AsteriskUnavailable("There is no mailbox at all: its folder may be missing.")
        if message is None or not _is_untouched(message, wish):
            return
        act = self._inbox.delete if wish is Wish.DELETE else self._inbox.mark_heard
        try:
            await act(BRIDGE, mailbox, msg_id)
        except NotFound:
            return
        log.info("voicemail.after_sending", mailbox=mailbox, msg_id=msg_id, done=wish.value)

    async def _wait(self, events: Subscription, seconds: float) -> None:
        """Wait until there may be something to do, at most ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                async for event in events:
                    match event:
                        case LinkChanged(up=True):
                            self._not_before.clear()
                            return
                        case OutboxChanged() | Overflowed():
                            await asyncio.sleep(SETTLE_SECONDS)
                            return
        except TimeoutError:
            pass


def _is_untouched(message: MessageView, wish: Wish) -> bool:
    return message.folder in _NOT_SAVED if wish is Wish.DELETE else not message.heard


async def _due() -> dict[str, dict[str, Wish]]:
    """Return of each mailbox the messages all of whose mails are sent, oldest first."""
    # By the index of after_sending: rows that are sent and done with are many.
    sent = OutgoingMail.filter(after_sending__in=_WANTED, state=MailState.SENT).order_by("id")
    wishes = await sent.values_list("mailbox", "msg_id", "after_sending")
    owed = await _owed({(mailbox, msg_id) for mailbox, msg_id, _ in wishes})
    due: dict[str, dict[str, Wish]] = defaultdict(dict)
    for mailbox, msg_id, wish in wishes:
        if (mailbox, msg_id) not in owed:
            due[mailbox][msg_id] = Wish(wish)
    return due


async def _owed(messages: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those that somebody did not get who was to, even if that mail was discarded."""
    owed: set[tuple[str, str]] = set()
    for some in batches(sorted(messages), AT_ONCE):
        mailboxes, msg_ids = ({each[part] for each in some} for part in (0, 1))
        mails = OutgoingMail.filter(mailbox__in=mailboxes, msg_id__in=msg_ids)
        mails = mails.exclude(state=MailState.SENT)
        owed |= {(box, msg_id) for box, msg_id in await mails.values_list("mailbox", "msg_id")}
    return owed


async def _done(mailbox: str, msg_id: str) -> None:
    rows = OutgoingMail.filter(mailbox=mailbox, msg_id=msg_id, after_sending__in=_WANTED)
    await rows.update(after_sending=Wish.KEEP)
