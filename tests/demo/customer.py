"""Somebody who calls a queue now and then, so that its wallboard has something to show."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.sip import CallState, Phone

EVERY_SECONDS = 40.0
# To wait and to talk, together.
PATIENCE_SECONDS = 20.0
_GOODBYE_SECONDS = 2.0


async def run_customer(
    user: str, secret: str, host: str, port: int, queue: str, *, bind_host: str = "127.0.0.1"
) -> None:
    """Call the number ``queue`` every EVERY_SECONDS, until cancelled."""
    async with Phone(user, secret, host, port, bind_host=bind_host) as phone:
        try:
            while True:
                if await phone.register(round(EVERY_SECONDS * 3)) == 200:
                    await _call(phone, queue)
                await asyncio.sleep(EVERY_SECONDS - PATIENCE_SECONDS)
                phone.forget_ended_calls()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await phone.unregister()


async def _call(phone: Phone, queue: str) -> None:
    call = await phone.call(queue)
    try:
        with suppress(TimeoutError):
            await call.wait_ended(PATIENCE_SECONDS)
    finally:
        if call.state is not CallState.ENDED:
            await call.hangup()
