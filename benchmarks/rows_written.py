"""Counts the rows that one change makes SQLite write, and how many of them it really changed.

Two counts that know nothing of each other. SQLite's own total_changes() says how many rows there
were in all, those of the search index's tables among them. Temporary triggers on every other table
say which: they are on the bridge's connection alone, leave nothing in the file, and compare the
row before with the row after, since an UPDATE that sets what is there already is written too.

https://www.sqlite.org/c3ref/total_changes.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tortoise import Tortoise

_LOG = "CREATE TEMP TABLE rows_written (tab TEXT, event TEXT, is_changed INT)"
# Of the search index only total_changes() tells: its tables are SQLite's own affair.
_TABLES = """
    SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
    AND name NOT LIKE 'portal_extension_search%'"""
_COUNT = "SELECT tab, event, is_changed, count(*) AS rows FROM temp.rows_written GROUP BY 1, 2, 3"


@dataclass(frozen=True, slots=True)
class Written:
    """What a change wrote: rows by `table event`, those set to what they were, the index's own."""

    rows: Counter[str]
    unchanged: Counter[str]
    of_search_index: int


async def rows_written(change: Callable[[], Awaitable[object]]) -> Written:
    """Make a change twice, of two like extensions, and return what each wrote.

    ``change`` is called once without triggers, for SQLite's own count, and once with them.
    """
    before = await _total_changes()
    await change()
    total = await _total_changes() - before
    connection = Tortoise.get_connection("default")
    triggers = await _watch()
    await change()
    found = await connection.execute_query_dict(_COUNT)
    for name in triggers:
        await connection.execute_query(f"DROP TRIGGER temp.{name}")
    await connection.execute_query("DROP TABLE temp.rows_written")
    rows, unchanged = Counter[str](), Counter[str]()
    for row in found:
        key = f"{row['tab']} {row['event']}"
        rows[key] += row["rows"]
        if not row["is_changed"]:
            unchanged[key] += row["rows"]
    return Written(rows, unchanged, total - rows.total())


async def _watch() -> list[str]:
    connection = Tortoise.get_connection("default")
    await connection.execute_query(_LOG)
    names = []
    for table in [row["name"] for row in await connection.execute_query_dict(_TABLES)]:
        info = await connection.execute_query_dict(f"PRAGMA table_info({table})")
        differs = " OR ".join(f'old."{row["name"]}" IS NOT new."{row["name"]}"' for row in info)
        for event, is_changed in {"INSERT": "1", "UPDATE": differs, "DELETE": "1"}.items():
            name = f"watch_{table}_{event}"
            write = f"INSERT INTO rows_written VALUES ('{table}', '{event}', {is_changed})"  # noqa: S608
            await connection.execute_query(
                f"CREATE TEMP TRIGGER {name} AFTER {event} ON main.{table} BEGIN {write}; END"
            )
            names.append(name)
    return names


async def _total_changes() -> int:
    async with Tortoise.get_connection("default").acquire_connection() as connection:
        return int(connection.total_changes)
