"""What a database has of our tables, whoever made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from tortoise.backends.base.client import BaseDBAsyncClient

_SQLITE = """
SELECT held.name AS held, own.name AS name, own."notnull" AND own.dflt_value IS NULL AS needed,
    own.type AS type, NULL AS longest, NULL AS words, 1 AS writable
FROM sqlite_master held JOIN pragma_table_info(held.name) own
WHERE held.type IN ('table', 'view')
"""
# Not information_schema, which keeps quiet about what we may not read.
_POSTGRES = """
SELECT held.relname AS held, own.attname AS name,
    own.attnotnull AND NOT own.atthasdef AND own.attidentity = '' AS needed,
    of.typname AS type,
    CASE WHEN of.typname IN ('varchar', 'bpchar') AND own.atttypmod > 4
        THEN own.atttypmod - 4 END AS longest,
    (SELECT array_agg(word.enumlabel) FROM pg_enum word WHERE word.enumtypid = of.oid) AS words,
    held.relkind = 'v' OR has_table_privilege(held.oid, 'SELECT')
        AND has_table_privilege(held.oid, 'INSERT')
        AND has_table_privilege(held.oid, 'UPDATE')
        AND has_table_privilege(held.oid, 'DELETE') AS writable
FROM pg_class held
JOIN pg_attribute own ON own.attrelid = held.oid
JOIN pg_type of ON of.oid = own.atttypid
WHERE held.relkind IN ('r', 'p', 'v', 'f') AND pg_table_is_visible(held.oid)
    AND own.attnum > 0 AND NOT own.attisdropped
    AND held.relnamespace <> 'pg_catalog'::regnamespace
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the database has it.

    ``needed``: a row cannot do without a value, and the database gives none by itself.
    ``longest`` is how many characters fit, None for any number; ``words`` are those of an enum.
    ``writable``: we may read and write rows of its table.
    """

    type: str
    needed: bool = False
    longest: int | None = None
    words: frozenset[str] = frozenset()
    writable: bool = True


async def stored_columns(
    connection: BaseDBAsyncClient, tables: Collection[str]
) -> dict[str, dict[str, Column]]:
    """Return the columns of those of these tables and views that are there."""
    is_sqlite = connection.capabilities.dialect == "sqlite"
    found: dict[str, dict[str, Column]] = defaultdict(dict)
    for row in await connection.execute_query_dict(_SQLITE if is_sqlite else _POSTGRES):
        if row["held"] in tables:
            found[row["held"]][row["name"]] = Column(
                type=row["type"],
                needed=bool(row["needed"]),
                longest=row["longest"],
                words=frozenset(row["words"] or ()),
                writable=bool(row["writable"]),
            )
    return dict(found)
