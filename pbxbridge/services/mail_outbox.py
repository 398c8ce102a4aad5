"""Sends the mails that were stored, and stores what became of each (docs/voicemail.md)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from tortoise.expressions import Subquery
from tortoise.functions import Min

from pbxbridge.errors import MailError
from pbxbridge.events import EventBus, OutboxChanged, Overflowed, Subscription
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.backoff import retry_delay
from pbxbridge.services.keep_trying import until_stored

CONCURRENCY = 4
# RFC 5321, 4.5.4.1: at least 4 to 5 days.
GIVE_UP_AFTER = timedelta(days=5)
# A wait for the next try ends early, so that a clock that was set or a row that another process
# (the command line) put back is seen.
LONGEST_PAUSE = 60.0
# At a stop, a delivery that is under way may end: the server may have the message already.
STOP_SECONDS = 5.0
ERROR_LENGTH = 500

Send = Callable[[bytes, str], Awaitable[None]]

log = structlog.get_logger(__name__)


class MailOutbox:
    """Delivers through ``send(message, recipient)``, which raises MailError if it could not.

    One bridge at a time does this: the mailboxes that are being served are known to this object
    only.
    """

    def __init__(
        self,
        bus: EventBus,
        send: Send,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Tell the time by ``clock`` (with a zone), and spread retries by ``jitter`` (0 to 1)."""
        self._bus = bus
        self._send = send
        self._clock = clock
        self._jitter = jitter
        self._deliveries: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Send what is due now, then whenever a mail is stored or its next try is due; for ever.

        When cancelled it starts nothing more, and waits up to STOP_SECONDS for deliveries under
        way. The database must stay open until it returns.
        """
        with self._bus.subscribe() as events:
            try:
                while True:
                    pause = await self._start_due()
                    await _outbox_changed(events, pause)
            finally:
                await self._stop()

    async def _start_due(self) -> float:
        """Start deliveries that are due; return the seconds until the next one is."""
        now = self._clock()
        for mail_id, mailbox, due in await until_stored(_heads):
            if mailbox in self._deliveries:
                continue
            if due > now:
                return min((due - now).total_seconds(), LONGEST_PAUSE)
            if len(self._deliveries) >= CONCURRENCY:
                break  # each delivery that ends wakes us
            self._deliveries[mailbox] = asyncio.create_task(
                self._deliver(mail_id, mailbox), name=f"mail delivery {mail_id}"
            )
        return LONGEST_PAUSE

    async def _deliver(self, mail_id: int, mailbox: str) -> None:
        try:
            mail = await until_stored(lambda: OutgoingMail.get_or_none(id=mail_id))
            if mail is None or mail.state is not MailState.WAITING:
                return
            outcome = await self._outcome(mail)
            # Not given up before it is stored: whoever forgets a 250 sends the message again.
            await until_stored(lambda: OutgoingMail.filter(id=mail_id).update(**outcome))
        finally:
            del self._deliveries[mailbox]
            self._bus.publish(OutboxChanged())

    async def _outcome(self, mail: OutgoingMail) -> dict[str, Any]:
        """Try to send; return the columns that tell how it went."""
        try:
            await self._send(mail.message, mail.recipient)
        except MailError as why:
            return self._failed(mail, str(why), final=why.permanent)
        except Exception as why:
            # A fault of ours in one mail must not keep the others waiting.
            log.exception("mail.broke", id=mail.id, mailbox=mail.mailbox)
            return self._failed(mail, f"{type(why).__name__}: {why}", final=False)
        log.info("mail.sent", id=mail.id, mailbox=mail.mailbox)
        return {
            "state": MailState.SENT,
            "attempts": mail.attempts + 1,
            "sent_at": self._clock(),
            "message": b"",
            "last_error": "",
        }

    def _failed(self, mail: OutgoingMail, why: str, *, final: bool) -> dict[str, Any]:
        now, failures = self._clock(), mail.attempts + 1
        dead = final or now - mail.created_at > GIVE_UP_AFTER
        outcome = {"attempts": failures, "last_error": why[:ERROR_LENGTH]}
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


async def _heads() -> list[tuple[int, str, datetime]]:
    """Return the mails that are due first, of every mailbox only the oldest that waits.

    The others of a mailbox wait behind it, which keeps their order.
    """
    waiting = OutgoingMail.filter(state=MailState.WAITING)
    oldest = waiting.annotate(head=Min("id")).group_by("mailbox").values("head")
    heads = OutgoingMail.filter(id__in=Subquery(oldest)).order_by("next_attempt_at", "id")
    # As many as may be under way, and as many that could be started.
    first = heads.limit(2 * CONCURRENCY).values_list("id", "mailbox", "next_attempt_at")
    return [tuple(row) for row in await first]


async def _outbox_changed(events: Subscription, seconds: float) -> None:
    """Wait until the outbox may have changed, at most ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            async for event in events:
                if isinstance(event, OutboxChanged | Overflowed):
                    return
    except TimeoutError:
        pass
