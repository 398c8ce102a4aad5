"""What the database is asked, and how SQLite goes about it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from tortoise import Tortoise
from tortoise.log import db_client_logger


@asynccontextmanager
async def statements() -> AsyncIterator[list[str]]:
    """Give the statements that are executed inside the block, with their values."""
    seen: list[str] = []
    client = Tortoise.get_connection("default")
    if client.capabilities.dialect != "sqlite":
        with _told_by_tortoise(seen):
            yield seen
        return
    await client._connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        await client._connection.set_trace_callback(None)


@contextmanager
def _told_by_tortoise(seen: list[str]) -> Iterator[None]:
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    level = db_client_logger.level
    db_client_logger.addHandler(handler)
    db_client_logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        db_client_logger.removeHandler(handler)
        db_client_logger.setLevel(level)


async def plans(seen: Iterable[str]) -> list[str]:
    """Return the steps by which SQLite answers these queries: `SCAN ...`, `SEARCH ...`.

    https://www.sqlite.org/eqp.html
    """
    connection, steps = Tortoise.get_connection("default"), []
    for statement in seen:
        if statement.startswith("SELECT"):
            found = await connection.execute_query_dict(f"EXPLAIN QUERY PLAN {statement}")
            steps += [str(row["detail"]) for row in found]
    return steps
