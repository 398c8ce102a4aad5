"""Keeps mails whose link is no longer good from being sent, late or once more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

from pbxbridge.events import EventBus, InvitationsChanged, OutboxChanged
from pbxbridge.models.database import write_transaction
from pbxbridge.models.outbox import OPEN_STATES, MailKind, OutgoingMail
from pbxbridge.models.phone import Invitation
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.mailing.discarding import discard_all

LOOK_SECONDS = 60.0
WHY = "The link in it is no longer good."


class Expiry:
    """Looks every minute. Several bridges may: what one has discarded the others do not find."""

    def __init__(self, bus: EventBus, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Tell the time by ``clock`` (with a zone)."""
        self._bus = bus
        self._now = clock

    async def run(self) -> NoReturn:
        """Look for ever."""
        while True:
            await until_stored(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Discard the mails that wait or were given up, and whose link leads nowhere."""
        open_mails = OutgoingMail.filter(kind=MailKind.INVITATION, state__in=OPEN_STATES)
        keys = {str(key) for key in await open_mails.values_list("dedupe_key", flat=True)}
        if not keys:
            return
        good = Invitation.filter(
            mail_key__in=list(keys), expires_at__gt=self._now(), revoked_at__isnull=True
        )
        late = keys - {str(key) for key in await good.values_list("mail_key", flat=True)}
        if not late:
            return
        async with write_transaction() as transaction:
            mails = open_mails.filter(dedupe_key__in=list(late)).using_db(transaction)
            await discard_all(mails, WHY)
        self._bus.publish(OutboxChanged())
        self._bus.publish(InvitationsChanged())
