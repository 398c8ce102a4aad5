"""Leases: what must be done by exactly one bridge is done while that bridge holds its lease.

A lease is an advisory lock of a PostgreSQL session that does nothing else
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS): it ends with the
session, so nobody has to guess whether a bridge is still alive. A process that is killed loses it
at once; of a host that has vanished PostgreSQL learns by TCP after 6 s. The holder asks every
second whether the session is still there, and has stopped its work within 4 s if it is not.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Coroutine
from typing import Protocol, TypeAlias

import structlog

from pbxbridge.cluster.session import LOOK_SECONDS, Session, SessionLost, open_session
from pbxbridge.errors import Superseded
from pbxbridge.task_groups import first_of, raise_if_cancelled

Work: TypeAlias = Callable[[], Coroutine[None, None, None]]

# The first half of the locks' keys: "pbxb".
_OURS = 0x70627862

log = structlog.get_logger(__name__)


class Leases(Protocol):
    """Whoever gives leases."""

    async def while_held(self, name: str, work: Work) -> None:
        """Do the work whenever, and as long as, this bridge holds the lease; until cancelled."""


class OnlyBridge:
    """Gives every lease to the only bridge there is."""

    async def while_held(self, name: str, work: Work) -> None:  # noqa: ARG002 - nobody else wants it
        """Do the work."""
        await work()


class PostgresLeases:
    """Gives each lease to one of the bridges on a database."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def while_held(self, name: str, work: Work) -> None:
        """Do the work whenever, and as long as, this bridge holds the lease; until cancelled."""
        while True:
            try:
                async with open_session(self._url) as session:
                    await _acquire(session, name)
                    log.info("lease.held", lease=name)
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(work(), name=f"work-{name}")
                        await session.watch()
            except* (SessionLost, Superseded) as lost:
                log.warning("lease.lost", lease=name, reason=str(first_of(lost)))
            raise_if_cancelled()
            await asyncio.sleep(LOOK_SECONDS)


async def _acquire(session: Session, name: str) -> None:
    key = zlib.crc32(name.encode()) - (1 << 31)
    # Not pg_advisory_lock, which would wait for longer than an answer may take.
    while not await session.ask("SELECT pg_try_advisory_lock($1, $2)", _OURS, key):  # noqa: ASYNC110
        await asyncio.sleep(LOOK_SECONDS)
