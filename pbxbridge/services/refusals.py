"""Writes down who was refused, without letting whoever causes it fill the disk."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.sign_in_limit import WINDOW_SECONDS
from pbxbridge.services.sliding_window import SlidingWindow
from pbxbridge.services.user_lookup import find_user

ADDRESS_LENGTH = 64
# Audit entries of a quarter of an hour, whatever the number of networks that try.
MOST_ENTRIES = 300
NOBODY = "(no such user)"

log = structlog.get_logger(__name__)


class Refusals:
    """The audit and the log of those who did not prove who they are.

    A wrong try has an entry of its own; they are few, for there is a limit. What that limit
    refuses is written down once in a quarter of an hour for each network: ``is_news`` tells. If
    even so there are more than MOST_ENTRIES, from very many networks, the rest is in the log only.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Tell the time by ``clock``, in seconds; it must not go back."""
        self._told = SlidingWindow(1, WINDOW_SECONDS, clock=clock)
        self._entries = SlidingWindow(MOST_ENTRIES, WINDOW_SECONDS, clock=clock)

    def is_news(self, where: str) -> bool:
        """Whether a limit was reached there, and it is yet to be written down; then false."""
        if self._told.wait(where):
            return False
        self._told.add(where)
        return True

    async def record(
        self,
        transaction: TransactionalDBClient,
        action: str,
        login: str,
        address: str,
        reason: str,
    ) -> None:
        """Write down a refusal; ``login`` is what was typed, ``reason`` what was wrong.

        A name that nobody has is not kept: people type their password there, too.
        """
        user = await find_user(login, transaction)
        shown = user.login if user else NOBODY
        await self.record_at(transaction, action, shown, address, reason)

    async def record_at(
        self,
        transaction: TransactionalDBClient,
        action: str,
        subject: str,
        address: str,
        reason: str,
    ) -> None:
        """Write down a refusal at something that was not typed, and so is no secret."""
        log.warning(action, subject=subject, address=address, reason=reason)
        if not self._entries.wait(None):
            self._entries.add(None)
            # Nobody has proved to be anybody, so the actor is nobody.
            actor = Actor("", address[:ADDRESS_LENGTH])
            await audit.record(transaction, actor, action, subject, after={"reason": reason})
