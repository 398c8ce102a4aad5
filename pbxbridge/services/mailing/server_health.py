"""How the mail server does: what the rows of the outbox tell, and what it answers when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from tortoise.functions import Count, Min

from pbxbridge.errors import MailError
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.mailing.outbox_list import MailView, views
from pbxbridge.settings import SmtpSettings

# A person waits for it, and their browser does so for half a minute at most.
CHECK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """The server as it is set, the mails that tell of it, and how many wait since when (in UTC).

    ``failed`` is the mail that was last tried in vain; it may have been sent since.
    """

    address: str
    tls: str
    signs_in: bool
    sender: str
    sent: MailView | None
    failed: MailView | None
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found, as a sentence."""

    is_well: bool
    sentence: str


class MailServer:
    """The one server that takes our mails."""

    def __init__(self, settings: SmtpSettings, probe: Callable[[], Awaitable[str]]) -> None:
        """``probe`` asks it, and returns a sentence or raises MailError."""
        self._settings = settings
        self._probe = probe
        self._check: asyncio.Task[Answer] | None = None

    async def health(self) -> ServerHealth:
        """Read what the outbox tells of the server."""
        said = self._settings
        sent = await views(OutgoingMail.filter(sent_at__not_isnull=True), 1, "-sent_at")
        failed = await views(OutgoingMail.filter(failed_at__not_isnull=True), 1, "-failed_at")
        waiting = OutgoingMail.filter(state=MailState.WAITING)
        counted = waiting.annotate(count=Count("id"), oldest=Min("created_at"))
        [(count, oldest)] = await counted.values_list("count", "oldest")
        return ServerHealth(
            address=f"{said.host}:{said.port}",
            tls=said.tls,
            signs_in=bool(said.username),
            sender=said.sender,
            sent=sent[0] if sent else None,
            failed=failed[0] if failed else None,
            waiting=count,
            oldest_at=oldest,
        )

    async def check(self) -> Answer:
        """Ask the server. Whoever asks meanwhile gets the same answer: it is asked once at a time.

        Takes at most CHECK_SECONDS.
        """
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._ask(), name="mail server check")
        return await asyncio.shield(self._check)

    async def _ask(self) -> Answer:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return Answer(True, await self._probe())
        except MailError as why:
            return Answer(False, str(why))
        except TimeoutError:
            return Answer(False, f"no answer within {CHECK_SECONDS:.0f} s")
