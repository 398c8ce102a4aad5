"""Stores what became of mails: of those that ended while the database was busy, together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pbxbridge.models.database import write_transaction
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.mailing.recordings import drop_recordings, drop_some_parts


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The columns of a mail that tell how a delivery went."""

    mail: OutgoingMail
    columns: Mapping[str, Any]

    @property
    def is_sent(self) -> bool:
        """Whether the server took the mail."""
        return self.columns.get("state") is MailState.SENT


class Outcomes:
    """A commit takes as long for one mail as for several, so several share one."""

    def __init__(self) -> None:
        self._waiting: list[Outcome] = []
        self._turn = asyncio.Lock()

    async def store(self, outcome: Outcome) -> None:
        """Return once it is committed, however long the database takes."""
        self._waiting.append(outcome)
        large: Collection[str] = ()
        try:
            async with self._turn:
                if outcome in self._waiting:
                    together = tuple(self._waiting)
                    large = await until_stored(partial(_write, together))
                    self._waiting = [one for one in self._waiting if one not in together]
            await until_stored(partial(drop_recordings, large))
        finally:
            if outcome in self._waiting:
                self._waiting.remove(outcome)


async def _write(outcomes: Sequence[Outcome]) -> Collection[str]:
    """Return the recordings of sent mails of which parts are still to be deleted."""
    async with write_transaction() as transaction:
        for each in outcomes:
            mine = OutgoingMail.filter(id=each.mail.id).using_db(transaction)
            if not each.is_sent:
                # A mail that was discarded while it was being sent (outbox_changes.py) stays so.
                mine = mine.filter(state=MailState.WAITING)
            await mine.update(**each.columns)
        sent = [each.mail.recording for each in outcomes if each.is_sent]
        recordings = set(filter(None, sent))
        if recordings and await drop_some_parts(recordings, transaction):
            return recordings
    return ()
