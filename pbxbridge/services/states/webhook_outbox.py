"""Delivers the webhooks that were stored, one after the other (docs/history.md)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NoReturn

import structlog

from pbxbridge.errors import WebhookError
from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.models.webhook import OutgoingWebhook
from pbxbridge.services.backoff import retry_delay
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored

# What nobody took for so long, or is so many messages behind, is dropped: what a receiver wants to
# know that was away for days is the present state.
KEEP = timedelta(days=3)
MOST_WAITING = 5000
# Nothing wakes this outbox, since it may be another bridge that stores a message.
POLL_SECONDS = 1.0
# Of the steps of retry_delay: 10 minutes. Whoever is to hear of an alert must not wait for an hour.
SLOWEST_STEP = 4
ERROR_LENGTH = 200

Send = Callable[[str, str], Awaitable[None]]

log = structlog.get_logger(__name__)


class WebhookOutbox:
    """Sends through ``send(key, body)``, which raises WebhookError if it could not.

    The oldest message is sent until it is taken; the others wait behind it, which keeps their
    order. One bridge at a time does this. How often it failed is kept in memory only: whoever
    takes over tries at once.
    """

    def __init__(
        self,
        bus: EventBus,
        send: Send,
        *,
        clock: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """Tell the time by ``clock`` (with a zone), and spread retries by ``jitter`` (0 to 1)."""
        self._bus = bus
        self._send = send
        self._clock = clock
        self._jitter = jitter
        self._most_waiting = most_waiting
        self._failures = 0

    async def run(self) -> NoReturn:
        """Send what is there, and what comes, for ever; when cancelled, at once no more.

        What was under way then is sent again later.
        """
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            pause = await self.step()

    async def step(self) -> float:
        """Try to deliver the oldest message; return the seconds until the next step."""
        await until_stored(self._drop)
        head = await until_stored(lambda: OutgoingWebhook.all().order_by("id").first())
        if head is None:
            return POLL_SECONDS
        if (failure := await self._failure(head)) and not failure.permanent:
            return await self._delayed(head, str(failure))
        if failure:
            log.error("webhook.given_up", id=head.key, reason=str(failure))
        # Not given up before it is stored: whoever forgets a 200 sends the message again.
        await until_stored(head.delete)
        if self._failures:
            log.info("webhook.works_again", failures=self._failures)
            self._failures = 0
            self._bus.publish(OutboxChanged())
        return 0.0

    async def _failure(self, head: OutgoingWebhook) -> WebhookError | None:
        """Try to send; return why it did not work, None if it did."""
        try:
            await self._send(head.key, head.body)
        except WebhookError as why:
            return why
        except Exception as why:
            # A fault of ours in one message must not end the bridge.
            log.exception("webhook.broke", id=head.key)
            return WebhookError(type(why).__name__, permanent=False)
        return None

    async def _delayed(self, head: OutgoingWebhook, why: str) -> float:
        self._failures += 1
        pause = retry_delay(min(self._failures, SLOWEST_STEP), self._jitter())
        log.warning("webhook.delayed", id=head.key, reason=why, seconds=pause.total_seconds())
        mine = OutgoingWebhook.filter(id=head.id)
        await until_stored(lambda: mine.update(last_error=why[:ERROR_LENGTH]))
        self._bus.publish(OutboxChanged())
        return pause.total_seconds()

    async def _drop(self) -> None:
        old = await OutgoingWebhook.filter(created_at__lt=self._clock() - KEEP).delete()
        newest = OutgoingWebhook.all().order_by("-id").offset(self._most_waiting)
        if excess := await newest.first():
            old += await OutgoingWebhook.filter(id__lte=excess.id).delete()
        if old:
            log.error("webhook.dropped", messages=old)
