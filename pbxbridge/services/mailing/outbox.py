"""Sends the mails that were stored, and stores what became of each (docs/mail-outbox.md)."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog
from tortoise.expressions import Subquery
from tortoise.functions import Min

from pbxbridge.errors import MailError
from pbxbridge.events import EventBus, OutboxChanged, Overflowed, Subscription
from pbxbridge.mail.mail_content import MailContent, Outgoing
from pbxbridge.mail.new_mail import printable_line
from pbxbridge.models.outbox import ERROR_LENGTH, NO_CONTENT, MailState, OutgoingMail
from pbxbridge.services.backoff import retry_delay
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.mailing.outcomes import Outcome, Outcomes
from pbxbridge.services.mailing.recordings import recording_parts

# Deliveries at a time, unless the settings say otherwise.
CONCURRENCY = 4
# So many queues are looked up at once, beyond those that are being served.
LOOK_AHEAD = 50
# RFC 5321, 4.5.4.1: at least 4 to 5 days.
GIVE_UP_AFTER = timedelta(days=5)
# A wait for the next try ends early, so that a clock that was set or a row that another process
# (the command line) put back is seen.
LONGEST_PAUSE = 60.0
# At a stop, a delivery that is under way may end: the server may have the message already.
STOP_SECONDS = 5.0

Send: TypeAlias = Callable[[Outgoing], Awaitable[None]]
# Whose mails keep their order: those of a mailbox to one recipient. Another recipient's server may
# be in trouble.
Queue: TypeAlias = tuple[str, str]

log = structlog.get_logger(__name__)


class MailOutbox:
    """Delivers through ``send(mail)``, which raises MailError if it could not.

    One bridge at a time does this: the queues that are being served are known to this object only.
    """

    def __init__(
        self,
        bus: EventBus,
        send: Send,
        *,
        concurrency: int = CONCURRENCY,
        clock: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Tell the time by ``clock`` (with a zone), and spread retries by ``jitter`` (0 to 1).

        ``concurrency`` is how many mails are sent at a time. As many more may wait until it is
        stored that they were.
        """
        self._bus = bus
        self._send = send
        self._concurrency = concurrency
        self._clock = clock
        self._jitter = jitter
        self._sending = 0
        self._outcomes = Outcomes()
        self._due: deque[tuple[int, Queue]] = deque()
        self._deliveries: dict[Queue, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Send what is due now, then whenever a mail is stored or its next try is due; for ever.

        When cancelled it starts nothing more, and waits up to STOP_SECONDS for deliveries under
        way. The database must stay open until it returns.
        """
        self._due.clear()  # from when another bridge did not send yet
        with self._bus.subscribe() as events:
            try:
                while True:
                    pause = await self._start_due(events)
                    await _outbox_changed(events, pause)
            finally:
                await self._stop()

    async def _start_due(self, events: Subscription) -> float:
        """Start deliveries that are due; return the seconds until the next one is.

        Each delivery that ends, and each that was sent, is told to ``events``.
        """
        while self._may_start():
            if not self._due:
                pause = await self._look()
                if not self._due:
                    return pause
            mail_id, queue = self._due.popleft()
            delivery = self._deliver(mail_id, queue, events)
            name = f"mail delivery {mail_id}"
            self._sending += 1
            self._deliveries[queue] = asyncio.create_task(delivery, name=name)
        return LONGEST_PAUSE

    def _may_start(self) -> bool:
        most = self._concurrency
        return self._sending < most and len(self._deliveries) < 2 * most

    async def _look(self) -> float:
        """Find what is due, of each queue one; return the seconds until the next one is."""
        # Of a delivery that ends during the look, what is found is from before its end.
        now, busy = self._clock(), set(self._deliveries)
        for mail_id, queue, due in await until_stored(self._heads):
            if due > now:
                return min((due - now).total_seconds(), LONGEST_PAUSE)
            if queue not in busy:
                self._due.append((mail_id, queue))
        return LONGEST_PAUSE

    async def _heads(self) -> list[tuple[int, Queue, datetime]]:
        """Return the mails that are due first, of every queue only the oldest that waits.

        The others of a queue wait behind it, which keeps their order.
        """
        waiting = OutgoingMail.filter(state=MailState.WAITING)
        oldest = waiting.annotate(head=Min("id")).group_by("mailbox", "recipient").values("head")
        heads = OutgoingMail.filter(id__in=Subquery(oldest)).order_by("next_attempt_at", "id")
        first = heads.limit(self._concurrency + LOOK_AHEAD)
        rows = await first.values_list("id", "mailbox", "recipient", "next_attempt_at")
        return [(mail_id, (mailbox, recipient), due) for mail_id, mailbox, recipient, due in rows]

    async def _deliver(self, mail_id: int, queue: Queue, events: Subscription) -> None:
        try:
            try:
                mail = await until_stored(lambda: OutgoingMail.get_or_none(id=mail_id))
                if mail is None or mail.state is not MailState.WAITING:
                    return
                outcome = Outcome(mail, await self._outcome(mail))
            finally:
                self._sending -= 1
                events.offer(OutboxChanged())  # for us only: nothing is stored yet
            # Not given up before it is stored: whoever forgets a 250 sends the message again.
            await self._outcomes.store(outcome)
        finally:
            del self._deliveries[queue]
            self._bus.publish(OutboxChanged())

    async def _outcome(self, mail: OutgoingMail) -> dict[str, Any]:
        """Try to send; return the columns that tell how it went."""
        try:
            await self._send(_outgoing(mail))
        except MailError as why:
            return self._failed(mail, str(why), final=why.permanent)
        except Exception as why:
            # A fault of ours in one mail must not keep the others waiting.
            log.exception("mail.broke", id=mail.id, mailbox=mail.mailbox)
            return self._failed(mail, f"{type(why).__name__}: {why}", final=False)
        log.info("mail.sent", id=mail.id, mailbox=mail.mailbox)
        return NO_CONTENT | {
            "state": MailState.SENT,
            "attempts": mail.attempts + 1,
            "sent_at": self._clock(),
            "last_error": "",
        }

    def _failed(self, mail: OutgoingMail, why: str, *, final: bool) -> dict[str, Any]:
        now, failures = self._clock(), mail.attempts + 1
        dead = final or now - (mail.resent_at or mail.created_at) > GIVE_UP_AFTER
        outcome = {
            "attempts": failures,
            "last_error": printable_line(why)[:ERROR_LENGTH],
            "failed_at": now,
        }
        if dead:
            log.error("mail.given_up", id=mail.id, mailbox=mail.mailbox, reason=why)
            return outcome | {"state": MailState.DEAD}
        again = now + retry_delay(failures, self._jitter())
        log.warning("mail.delayed", id=mail.id, mailbox=mail.mailbox, reason=why, until=str(again))
        return outcome | {"next_attempt_at": again}

    async def _stop(self) -> None:
        if not self._deliveries:
            return
        _, unfinished = await asyncio.wait(self._deliveries.values(), timeout=STOP_SECONDS)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)


def _outgoing(mail: OutgoingMail) -> Outgoing:
    """Return what is sent of a row; one that has no recording is whole in ``message``."""
    content = MailContent(mail.message, mail.ending or b"")
    rest = len(content.beginning) + len(content.ending)
    size = mail.size if mail.recording else rest
    recording = recording_parts(mail.recording, size - rest)
    return Outgoing(mail.recipient, content, recording, size)


async def _outbox_changed(events: Subscription, seconds: float) -> None:
    """Wait until the outbox may have changed, at most ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            async for event in events:
                if isinstance(event, OutboxChanged | Overflowed):
                    return
    except TimeoutError:
        pass
