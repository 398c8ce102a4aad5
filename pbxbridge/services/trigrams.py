"""Finding extensions by a part of their number or name in PostgreSQL.

Its extension pg_trgm comes with it, and the owner of a database may switch it on:
https://www.postgresql.org/docs/current/pgtrgm.html. Where that fails, PostgreSQL reads the table.
"""

from __future__ import annotations

from tortoise.backends.base.client import BaseDBAsyncClient

from pbxbridge.services.column import cases_of

# In less there is no group of three characters to look up.
SHORTEST = 3

_INDEX = """
    CREATE INDEX IF NOT EXISTS idx_portal_extensions_trigrams
    ON portal_extensions USING gin (number gin_trgm_ops, caller_id_name gin_trgm_ops)"""
_ESCAPED = str.maketrans({each: f"\\{each}" for each in "\\%_"})


async def ensure_trigrams(transaction: BaseDBAsyncClient) -> None:
    """Make the index if it is not there. Raises OperationalError if that is not for us to do."""
    await transaction.execute_query("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    await transaction.execute_query(_INDEX)


async def ids_by_trigrams(connection: BaseDBAsyncClient, text: str, most: int) -> list[int] | None:
    """Return the ids of the extensions that contain ``text``, None for a very short one.

    None too if there are more than ``most``.
    """
    if len(text) < SHORTEST:
        return None
    likes = [f"%{case.translate(_ESCAPED)}%" for case in cases_of(text)]
    places = range(2, len(likes) + 2)
    either = " OR ".join(f"number ILIKE ${n} OR caller_id_name ILIKE ${n}" for n in places)
    query = f"SELECT id FROM portal_extensions WHERE {either} LIMIT $1"  # noqa: S608 places only
    rows = await connection.execute_query_dict(query, [most + 1, *likes])
    return None if len(rows) > most else [row["id"] for row in rows]
