"""A session with PostgreSQL that is not of Tortoise's pool: for locks and notifications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, NoReturn

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError

from pbxbridge.models.postgres import connect_arguments, failures_as_tortoise_says

CONNECT_SECONDS = 5.0
LOOK_SECONDS = 1.0
ANSWER_SECONDS = 3.0
# A bridge that is stopped (SIGSTOP, a paused container) asks nothing, while its system still
# answers for it: PostgreSQL lets go of what it held all the same. Known from this version on.
IDLE, IDLE_SINCE = "SET idle_session_timeout = '6s'", (14,)


class SessionLost(Exception):
    """PostgreSQL does not answer, or does not let us in; the message says why."""


class Session:
    """An open session."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._ended = asyncio.Event()
        # asyncpg refuses a question while another one waits for its answer.
        self._turn = asyncio.Lock()
        connection.add_termination_listener(lambda _: self._ended.set())

    async def ask(self, query: str, *values: object) -> Any:
        """Return the first value of the answer. Raises SessionLost if none comes in time."""
        with _loss():
            async with self._turn:
                return await self.connection.fetchval(query, *values, timeout=ANSWER_SECONDS)

    async def listen(self, channel: str, heard: Callable[[str], None]) -> None:
        """Have ``heard`` called with every message of a channel. Raises SessionLost."""
        with _loss():
            await self.connection.add_listener(channel, lambda *said: heard(said[-1]))

    async def watch(self) -> NoReturn:
        """Look again and again whether it is still there. Raises SessionLost once it is not."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), LOOK_SECONDS)
            await self.ask("SELECT 1")


@asynccontextmanager
async def open_session(url: str) -> AsyncIterator[Session]:
    """Connect for the length of the block. Raises SessionLost when that fails."""
    arguments = connect_arguments(url) | {"timeout": CONNECT_SECONDS}
    with _loss():
        connection = await asyncpg.connect(**arguments)
    try:
        session = Session(connection)
        if connection.get_server_version() >= IDLE_SINCE:
            await session.ask(IDLE)
        yield session
    finally:
        # Not close(), which waits for an answer of a server that may be gone.
        connection.terminate()


@contextmanager
def _loss() -> Iterator[None]:
    try:
        with failures_as_tortoise_says():
            yield
    except (OperationalError, DBConnectionError) as why:
        raise SessionLost(str(why)) from why
