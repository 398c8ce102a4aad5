"""What SQLite is asked, and how it goes about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from tortoise import Tortoise


@asynccontextmanager
async def statements() -> AsyncIterator[list[str]]:
    """Give the statements that are executed inside the block, with their values."""
    seen: list[str] = []
    connection = Tortoise.get_connection("default")._connection
    await connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        await connection.set_trace_callback(None)


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
