"""What is in a database: columns and indexes of every table, names of indexes aside."""

from __future__ import annotations

import re

from tortoise import Tortoise

Schema = dict[str, set[tuple[object, ...]]]

# The search index of SQLite is made at every start, not by a migration (extension_search.py); so
# is the one of PostgreSQL (trigrams.py), which is left out below.
_NOT_OURS = re.compile("sqlite_|tortoise_|portal_extension_search")
_COLUMNS = """
SELECT relname AS held, attname AS name, format_type(atttypid, atttypmod) AS type,
    attnotnull AS needed
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
"""
_INDEXES = """
SELECT held.relname AS held, indisunique AS is_unique, ARRAY(
    SELECT attname::text FROM unnest(indkey) WITH ORDINALITY AS key(number, place)
    JOIN pg_attribute ON attrelid = held.oid AND attnum = key.number ORDER BY place
) AS names
FROM pg_index JOIN pg_class held ON held.oid = indrelid JOIN pg_class own ON own.oid = indexrelid
WHERE held.relnamespace = 'public'::regnamespace AND NOT own.relname LIKE '%trigrams'
"""


async def schema() -> Schema:
    """Read the open database."""
    is_sqlite = Tortoise.get_connection("default").capabilities.dialect == "sqlite"
    found = await (_of_sqlite() if is_sqlite else _of_postgres())
    return {table: facts for table, facts in found.items() if not _NOT_OURS.match(table)}


async def _of_sqlite() -> Schema:
    ask = Tortoise.get_connection("default").execute_query_dict
    found: Schema = {}
    for row in await ask("SELECT name FROM sqlite_master WHERE type = 'table'"):
        facts: set[tuple[object, ...]] = set()
        for column in await ask(f"pragma table_info({row['name']})"):
            facts.add(("column", column["name"], column["type"], bool(column["notnull"])))
        for index in await ask(f"pragma index_list({row['name']})"):
            columns = await ask(f"pragma index_info({index['name']})")
            names = tuple(column["name"] for column in columns)
            facts.add(("index", bool(index["unique"]), names))
        found[row["name"]] = facts
    return found


async def _of_postgres() -> Schema:
    ask = Tortoise.get_connection("default").execute_query_dict
    found: Schema = {}
    for row in await ask(_COLUMNS):
        facts = found.setdefault(row["held"], set())
        facts.add(("column", row["name"], row["type"], row["needed"]))
    for row in await ask(_INDEXES):
        found[row["held"]].add(("index", row["is_unique"], tuple(row["names"])))
    return found
