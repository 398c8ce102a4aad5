"""Running the services of the mail outbox, and waiting for what they store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from pbxbridge.models.portal import MailState, OutgoingMail

DEADLINE = 10.0


class Service(Protocol):
    """Anything that runs until it is cancelled."""

    async def run(self) -> None: ...


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[asyncio.Task[None]]:
    """Run a service inside the block, and stop it as the bridge does."""
    task = asyncio.create_task(service.run(), name=type(service).__name__)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = DEADLINE) -> None:
    """Return once the condition holds; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)


async def reached(state: MailState, count: int = 1) -> None:
    """Return once exactly so many mails are in that state."""

    async def enough() -> bool:
        return await OutgoingMail.filter(state=state).count() == count

    await until(enough)
