"""A database on a disk that is full."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise import Tortoise


@asynccontextmanager
async def little_space(pages: int) -> AsyncIterator[None]:
    """Let the open SQLite file grow by so many pages: then SQLite says that the disk is full.

    https://www.sqlite.org/pragma.html#pragma_max_page_count
    """
    connection = Tortoise.get_connection("default")
    (row,) = await connection.execute_query_dict("PRAGMA page_count")
    await connection.execute_query(f"PRAGMA max_page_count = {row['page_count'] + pages}")
    try:
        yield
    finally:
        await connection.execute_query("PRAGMA max_page_count = 1073741823")
