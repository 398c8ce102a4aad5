"""What the command line changed beside the running bridge, told to the bus.

`pbxbridge import` is a process of its own, on the same database. The audit is the journal of all
changes, so what is new in it under the console's name is what nobody here was told of.
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

from pbxbridge.events import EventBus, ExtensionSaved, OutboxChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import CONSOLE
from pbxbridge.services.device_types import technology_of
from pbxbridge.services.keep_trying import until_stored

POLL_SECONDS = 2.0
# Audit entries and extensions that are read at once.
STEP = 500


class ConsoleChanges:
    """Publishes ExtensionSaved for what the command line created or changed."""

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
        numbers = {
            entry.subject
            for entry in entries
            if entry.actor == CONSOLE.login and entry.action.startswith("extension.")
        }
        rows = await Extension.filter(number__in=list(numbers)) if numbers else []
        if entries:
            self._last = entries[-1].id
        for row in rows:
            technology = technology_of(row.device_type)
            self._bus.publish(ExtensionSaved(row.number, row.monitored, technology))
        if rows:
            # Asterisk may have to be told of them, too.
            self._bus.publish(OutboxChanged())
        return len(entries) == STEP
