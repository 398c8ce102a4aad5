"""What Asterisk must be told, kept until it was: rows go in with the change, and out in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import EventBus, LinkChanged, OutboxChanged, Overflowed
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.keep_trying import until_stored

RETRY_SECONDS = 30.0
ERROR_LENGTH = 500
RELOADS = frozenset(
    {
        NoticeKind.RELOAD_DIALPLAN,
        NoticeKind.RELOAD_PEERS,
        NoticeKind.RELOAD_TRUNKS,
        NoticeKind.RELOAD_REGISTRATIONS,
    }
)

Tell = Callable[[NoticeKind, str], Awaitable[None]]

log = structlog.get_logger(__name__)


class AsteriskOutbox:
    """Delivers notices through ``tell``, which raises AsteriskUnavailable if it could not."""

    def __init__(self, bus: EventBus, tell: Tell, *, retry_seconds: float = RETRY_SECONDS) -> None:
        """Try again ``retry_seconds`` after a failure, and at once when the link comes up."""
        self._bus = bus
        self._tell = tell
        self._retry_seconds = retry_seconds

    async def run(self) -> None:
        """Deliver now, and whenever something was added or Asterisk is back; runs for ever."""
        with self._bus.subscribe() as events:
            while True:
                done = await until_stored(self.deliver)
                try:
                    async with asyncio.timeout(None if done else self._retry_seconds):
                        while not _is_a_reason(await events.get()):
                            pass
                except TimeoutError:
                    pass

    async def deliver(self) -> bool:
        """Tell Asterisk all that waits, oldest first; False if something still waits.

        One that Asterisk does not take holds up none of the others.
        """
        all_told = True
        for notice, last in await _waiting():
            if why := await self._failure(notice):
                await _take_note(notice, why[:ERROR_LENGTH])
                all_told = False
                continue
            served = AsteriskNotice.filter(id__gte=notice.id, id__lte=last, kind=notice.kind)
            await served.delete()
            log.info("asterisk.told", kind=notice.kind.value, subject=notice.subject)
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


async def _take_note(notice: AsteriskNotice, why: str) -> None:
    """Store why one could not be told, if that is news.

    While Asterisk is away thousands may wait, and after each save all of them fail as before.
    """
    if why != notice.last_error:
        row = AsteriskNotice.filter(id=notice.id)
        await row.update(attempts=notice.attempts + 1, last_error=why)


async def _waiting() -> list[tuple[AsteriskNotice, int]]:
    """Return what is to be told, oldest first, each with the id of the last one that it serves.

    A reload reads everything that was saved before it: of thousands, the first and last are read.
    """
    one_by_one = [kind for kind in NoticeKind if kind not in RELOADS]
    alone = await AsteriskNotice.filter(kind__in=one_by_one)
    found = [(notice, notice.id) for notice in alone]
    for kind in RELOADS:
        some = AsteriskNotice.filter(kind=kind)
        first, last = await some.order_by("id").first(), await some.order_by("-id").first()
        if first and last:
            found.append((first, last.id))
    return sorted(found, key=lambda each: each[0].id)


def _is_a_reason(event: object) -> bool:
    match event:
        case LinkChanged(up=up):
            return up
        case OutboxChanged() | Overflowed():
            return True
        case _:
            return False
