"""A person at a phone in Asterisk's voicemail menu (VoiceMailMain), by *97."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.eventually import eventually
from tests.rig.asterisk import AsteriskInstance
from tests.sip import Phone
from tests.sip.call import Call

PROMPT_SECONDS = 15.0
GREETING_HZ = 500


class VoicemailMenu:
    """What the menu says is read from Asterisk's log, which needs ``verbose`` 3 or more."""

    def __init__(self, phone: Phone, asterisk: AsteriskInstance) -> None:
        self._phone = phone
        self._log = asterisk.log

    @asynccontextmanager
    async def opened(self, pin: str) -> AsyncIterator[Call]:
        """Call, give the PIN, and be in the menu for the length of the block."""
        said = _Said(self._log)
        call = await self._phone.call("*97")
        await call.wait_answered(10)
        await said.prompt("vm-password")
        await call.send_dtmf(f"{pin}#")
        await said.prompt("vm-youhave")
        try:
            yield call
        finally:
            await call.hangup()

    async def change_pin(self, pin: str, new: str) -> None:
        """Change the PIN as a person does: menu 0, then 5, then the new one twice."""
        async with self.opened(pin) as call:
            said = _Said(self._log)
            await call.send_dtmf("0")
            await said.prompt("vm-options")
            await call.send_dtmf("5")
            await said.prompt("vm-newpassword")
            await call.send_dtmf(f"{new}#")
            await said.prompt("vm-reenterpassword")
            await call.send_dtmf(f"{new}#")
            await said.prompt("vm-passchanged")

    async def hear(self, pin: str) -> None:
        """Hear the first new message to its end: menu 1. After the call it is an old one."""
        async with self.opened(pin) as call:
            said = _Said(self._log)
            await call.send_dtmf("1")
            await said.prompt("vm-repeat")

    async def record_greeting(self, pin: str) -> None:
        """Record the greeting for when nobody answers: menu 0, then 1, speak, and 1 to keep it."""
        async with self.opened(pin) as call:
            said = _Said(self._log)
            await call.send_dtmf("0")
            await said.prompt("vm-options")
            await call.send_dtmf("1")
            await said.prompt("beep")
            call.play_tone(GREETING_HZ)
            # The person's part, not a wait: this long the greeting is.
            await asyncio.sleep(1)
            await call.send_dtmf("#")
            await said.prompt("vm-review")
            await call.send_dtmf("1")
            await said.prompt("vm-msgsaved")


class _Said:
    """What Asterisk played since this was made."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._from = log.stat().st_size

    async def prompt(self, name: str) -> None:
        """Wait until this prompt begins."""
        await eventually(lambda: self._played(name), PROMPT_SECONDS)

    def _played(self, name: str) -> bool:
        with self._log.open("rb") as log:
            log.seek(self._from)
            said = log.read().decode("utf-8", "replace")
        return re.search(rf"Playing '{re.escape(name)}\.", said) is not None
