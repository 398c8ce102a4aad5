"""What the command line changed beside the running bridge, told to the bus.

`pbxbridge import` and `pbxbridge reconcile` are processes of their own, on the same database. The
audit is the journal of all changes, so what is new in it under the console's name is what nobody
here was told of.
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

from pbxbridge.events import EventBus, OutboxChanged, TrunksChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import CONSOLE
from pbxbridge.services.extension_events import saved
from pbxbridge.services.keep_trying import until_stored

POLL_SECONDS = 2.0
# Audit entries and extensions that are read at once.
STEP = 500


class ConsoleChanges:
    """Publishes what the command line created, changed or repaired."""

    def __init__(self, bus: EventBus, *, poll_seconds: float = POLL_SECONDS) -> None:
        """Look every ``poll_seconds``: that late the screen shows the change at most."""
        self._bus = bus
        self._poll_seconds = poll_seconds
        self._last = 0

    async def begin(self) -> None:
        """Remember what was changed until now; to be called before the present state is read."""
        newest = await AuditEntry.all().order_by("-id").first().values_list("id", flat=True)
        self._last = int(str(newest or 0))

    async def run(self) -> NoReturn:
        """Tell of what is changed from then on, for ever."""
        while True:
            await asyncio.sleep(self._poll_seconds)
            while await until_stored(self._look):
                pass

    async def _look(self) -> bool:
        """Take in the next entries; return whether there may be more."""
        entries = await AuditEntry.filter(id__gt=self._last).order_by("id").limit(STEP)
        own = [entry for entry in entries if entry.actor == CONSOLE.login]
        numbers = {entry.subject for entry in own if entry.action.startswith("extension.")}
        rows = await Extension.filter(number__in=list(numbers)) if numbers else []
        if entries:
            self._last = entries[-1].id
        for row in rows:
            self._bus.publish(saved(row))
        if any(entry.action.startswith("trunk.") for entry in own):
            self._bus.publish(TrunksChanged())
        if own:
            # Asterisk may have to be told of it, too.
            self._bus.publish(OutboxChanged())
        return len(entries) == STEP
