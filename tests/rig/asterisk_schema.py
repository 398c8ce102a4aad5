"""The tables that Asterisk's own alembic scripts make in PostgreSQL, as far as the bridge's go.

asterisk_22_schema.json tells what contrib/ast-db-manage of Asterisk 22 left in a database: columns
with types, lengths, enums and NOT NULL, and the keys. ``ast_config`` is not among its tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

_SCHEMA = Path(__file__).with_name("asterisk_22_schema.json")
# What a number that counts up by itself is declared as.
_SERIAL = {"integer": "serial", "bigint": "bigserial"}


def asterisk_tables() -> Mapping[str, Any]:
    """Return the columns and keys of each table."""
    tables: Mapping[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))["tables"]
    return tables


async def create_asterisk_tables(url: str) -> None:
    """Make the tables in a PostgreSQL, as its alembic scripts do."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(";\n".join(_statements()))
    finally:
        await connection.close()


def _statements() -> Iterator[str]:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    for name, words in schema["enums"].items():
        listed = ", ".join(f"'{word}'" for word in words)
        yield f"CREATE TYPE {name} AS ENUM ({listed})"
    for table, made in schema["tables"].items():
        columns = [_column(name, column) for name, column in made["columns"].items()]
        yield f"CREATE TABLE {table} ({', '.join([*columns, *made['keys']])})"


def _column(name: str, column: Mapping[str, Any]) -> str:
    kind = column["type"].removeprefix("enum:")
    if column.get("default") == "auto-increment":
        kind = _SERIAL[kind]
    if "max_length" in column:
        kind += f"({column['max_length']})"
    needed = " NOT NULL" if column.get("not_null") else ""
    return f'"{name}" {kind}{needed}'
