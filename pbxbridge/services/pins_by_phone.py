"""Whoever leaves the voicemail menu may have changed the PIN there: taking note of it."""

from __future__ import annotations

from functools import partial

import structlog

from pbxbridge.events import EventBus, MailboxChanged
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.keep_trying import until_stored

log = structlog.get_logger(__name__)


class PinsByPhone:
    """Looks at a mailbox's PIN whenever something happened to the box."""

    def __init__(self, bus: EventBus, extensions: Extensions) -> None:
        self._bus = bus
        self._extensions = extensions

    async def run(self) -> None:
        """Take note of what is changed, for ever."""
        with self._bus.subscribe() as events:
            async for event in events:
                match event:
                    case MailboxChanged(number, context) if context == MAILBOX_CONTEXT:
                        await self._look_at(number)

    async def _look_at(self, number: str) -> None:
        try:
            await until_stored(partial(self._extensions.notice_pin, number))
        except Exception:
            # A fault of ours at one box must not end the bridge.
            log.exception("pin_by_phone.broke", mailbox=number)
