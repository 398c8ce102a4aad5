"""For what must be stored before anything else may happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from pbxbridge.models.postgres import is_data_fault

DATABASE_RETRY_SECONDS = 2.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


def is_database_away(error: Exception) -> bool:
    """Tell a failure that passes with the database's return."""
    return isinstance(error, DBConnectionError)


def is_disk_full(error: Exception) -> bool:
    """Tell a failure that may pass, but where something smaller may do: there is no space left."""
    return isinstance(error, OperationalError) and (
        isinstance(error.__cause__, asyncpg.DiskFullError) or "disk is full" in str(error)
    )


def _never(_error: Exception) -> bool:
    return False


async def until_stored(
    operation: Callable[[], Awaitable[T]], *, unless: Callable[[Exception], bool] = _never
) -> T:
    """Run a database operation until it succeeds.

    It fails while SQLite's write lock is held for longer than the busy time-out, or PostgreSQL is
    away. Both pass. What ``unless`` tells is raised.
    """
    while True:
        try:
            return await operation()
        except IntegrityError:  # an OperationalError to Tortoise, but one that stays
            raise
        except (OperationalError, DBConnectionError) as why:
            if is_data_fault(why) or unless(why):
                raise
            log.warning("database.failed", reason=str(why))
            await asyncio.sleep(DATABASE_RETRY_SECONDS)
