"""What an Asterisk must be told, kept until it was: rows go in with a change, and out in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from tortoise.queryset import QuerySet

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import EventBus, LinkChanged, OutboxChanged, Overflowed, QueuesChanged
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.settings import ONLY_NODE

RETRY_SECONDS = 30.0
ERROR_LENGTH = 500
RELOADS = frozenset(
    {
        NoticeKind.RELOAD_DIALPLAN,
        NoticeKind.RELOAD_PEERS,
        NoticeKind.RELOAD_TRUNKS,
        NoticeKind.RELOAD_REGISTRATIONS,
        NoticeKind.EXPIRE_CACHES,
    }
)

Tell = Callable[[NoticeKind, str], Awaitable[None]]

log = structlog.get_logger(__name__)


class AsteriskOutbox:
    """Delivers a node's notices by ``tell``, which raises AsteriskUnavailable if it could not."""

    def __init__(
        self,
        bus: EventBus,
        tell: Tell,
        *,
        node: str = ONLY_NODE,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Try again ``retry_seconds`` after a failure, and at once when a link comes up."""
        self._bus = bus
        self._tell = tell
        self._node = node
        self._retry_seconds = retry_seconds

    async def run(self) -> None:
        """Deliver now, and whenever something was added or Asterisk is back; runs for ever."""
        with self._bus.subscribe() as events:
            while True:
                done = await until_stored(self.deliver)
                try:
                    async with asyncio.timeout(None if done else self._retry_seconds):
                        while not self._is_a_reason(await events.get()):
                            pass
                except TimeoutError:
                    pass

    async def deliver(self) -> bool:
        """Tell Asterisk all that waits, oldest first; False if something still waits.

        One that Asterisk does not take holds up none of the others.
        """
        all_told = True
        for notice, last in await self._waiting():
            if why := await self._failure(notice):
                await _take_note(notice, why[:ERROR_LENGTH])
                all_told = False
                continue
            served = self._notices(id__gte=notice.id, id__lte=last, kind=notice.kind)
            await served.delete()
            told = {"kind": notice.kind.value, "subject": notice.subject}
            log.info("asterisk.told", node=self._node, **told)
            self._bus.publish(OutboxChanged())
        return all_told

    async def _failure(self, notice: AsteriskNotice) -> str:
        """Tell one; return why it could not be told, empty if it was."""
        try:
            await self._tell(notice.kind, notice.subject)
        except AsteriskUnavailable as why:
            return str(why)
        except Exception as fault:
            # A fault of ours in one notice must neither hold up the others nor end the bridge.
            log.exception("asterisk.notice_failed", kind=notice.kind.value, subject=notice.subject)
            return repr(fault)
        return ""

    def _notices(self, **which: object) -> QuerySet[AsteriskNotice]:
        return AsteriskNotice.filter(node=self._node, **which)

    async def _waiting(self) -> list[tuple[AsteriskNotice, int]]:
        """Return what is to be told, oldest first, each with the id of the last that it serves.

        A reload reads everything that was saved before it: of thousands, the first and last are
        read.
        """
        one_by_one = [kind for kind in NoticeKind if kind not in RELOADS]
        found = [(one, one.id) for one in await self._notices(kind__in=one_by_one)]
        for kind in RELOADS:
            some = self._notices(kind=kind)
            first, last = await some.order_by("id").first(), await some.order_by("-id").first()
            if first and last:
                found.append((first, last.id))
        return sorted(found, key=lambda each: each[0].id)

    def _is_a_reason(self, event: object) -> bool:
        match event:
            case LinkChanged(node=node, up=up):
                return up and node == self._node
            case OutboxChanged() | Overflowed():
                return True
            case QueuesChanged(queues=None):
                # Agents are placed once their node's queues are heard, by a link of their own.
                return True
            case _:
                return False


async def _take_note(notice: AsteriskNotice, why: str) -> None:
    """Store why one could not be told, if that is news.

    While Asterisk is away thousands may wait, and after each save all of them fail as before.
    """
    if why != notice.last_error:
        row = AsteriskNotice.filter(id=notice.id)
        await row.update(attempts=notice.attempts + 1, last_error=why)
