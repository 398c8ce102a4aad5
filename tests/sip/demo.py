"""A phone that keeps itself registered and answers whatever comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .call import CallState
from .phone import Phone
from .policy import Answer
from .transaction import Timers

_RETRY_SECONDS = 2.0
_GOODBYE_SECONDS = 2.0


async def run_demo_phone(
    user: str,
    secret: str,
    host: str,
    port: int,
    *,
    bind_host: str = "127.0.0.1",
    expires: int = 120,
    tone_hz: int = 440,
    answer_after: float = 1.0,
    on_status: Callable[[int], None] | None = None,
) -> None:
    """Register, answer every call after `answer_after` s with a tone, until cancelled.

    `expires` in seconds; the registration is renewed at half of it, and tried again every 2 s
    while the registrar refuses or does not answer. `on_status` gets the status code of every
    REGISTER that differs from the one before. On cancellation the phone un-registers.
    """
    patience = Timers(limit=4.0)
    async with Phone(user, secret, host, port, bind_host=bind_host, timers=patience) as phone:
        phone.on_incoming = Answer(after=answer_after, tone_hz=tone_hz)
        last: int | None = None
        try:
            while True:
                status = await phone.register(expires)
                if status != last and on_status is not None:
                    on_status(status)
                last = status
                await asyncio.sleep(expires / 2 if status == 200 else _RETRY_SECONDS)
                phone.forget_ended_calls()
        finally:
            if last == 200:
                await _say_goodbye(phone)


async def _say_goodbye(phone: Phone) -> None:
    """Hang up and un-register, within a time that a person at Ctrl-C accepts."""
    try:
        async with asyncio.timeout(_GOODBYE_SECONDS):
            for call in phone.incoming:
                if call.state is not CallState.ENDED:
                    await call.hangup()
            await phone.unregister()
    except TimeoutError:
        return  # the registration runs out by itself
