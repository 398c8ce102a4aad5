"""Writes many rows with few statements: a thousand go over as one JSON text.

A statement for each row, or a parameter for each value, takes several times as long as the
database itself does. https://www.sqlite.org/json1.html#jeach,
https://www.postgresql.org/docs/current/functions-json.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.mirror.endpoint import EndpointState
from pbxbridge.mirror.slices import slices
from pbxbridge.services.states.change import Change

# Columns with their types in PostgreSQL, in the order of a row's values.
Columns: TypeAlias = Mapping[str, str]

_STATE: Final = {
    "node": "text",
    "endpoint": "text",
    "status": "text",
    "ip": "text",
    "port": "int",
    "rtt_ms": "double precision",
    "user_agent": "text",
    "last_seen": "timestamptz",
    "changed_at": "timestamptz",
    "last_ip": "text",
    "last_port": "int",
    "seq": "bigint",
}
_CHANGE: Final = {
    "node": "text",
    "endpoint": "text",
    "status": "text",
    "ip": "text",
    "port": "int",
    "at": "timestamptz",
}
_NEW: Final = ("status", "ip", "port", "rtt_ms", "user_agent", "last_seen", "seq")
_KEPT: Final = {
    "changed_at": "old.status = excluded.status",
    "last_ip": "excluded.ip = ''",
    "last_port": "excluded.ip = ''",
}
_UPDATE: Final = ", ".join(
    [
        *(f"{name} = excluded.{name}" for name in _NEW),
        *(
            f"{name} = CASE WHEN {condition} THEN old.{name} ELSE excluded.{name} END"
            for name, condition in _KEPT.items()
        ),
    ]
)
# What devices say of themselves is stored up to here: a user agent, and the host of a contact.
_LONGEST: Final = 255
# Nothing that an Asterisk in its right mind would say, and no column could hold.
_HIGHEST_PORT: Final = 65535
_LONGEST_MS: Final = 1e9


async def put_states(
    transaction: TransactionalDBClient,
    node: str,
    seq: int,
    at: str,
    states: Iterable[EndpointState],
) -> None:
    """Store the states of endpoints, each once; ``at`` is since when a new status holds."""
    rows = (
        (
            node,
            state.endpoint,
            state.status,
            ip := _text(state.ip),
            port := min(state.port, _HIGHEST_PORT),
            state.rtt_ms if (state.rtt_ms or 0) < _LONGEST_MS else None,
            _text(state.user_agent),
            state.last_seen and str(state.last_seen),
            at,
            ip,
            port,
            seq,
        )
        for state in states
    )
    conflict = f"ON CONFLICT (node, endpoint) DO UPDATE SET {_UPDATE}"
    await insert_rows(transaction, "portal_endpoint_states", _STATE, rows, conflict)


async def add_changes(transaction: TransactionalDBClient, changes: Iterable[Change]) -> None:
    """Add to the history."""
    rows = (
        (
            one.node,
            one.endpoint,
            one.status,
            _text(one.ip),
            min(one.port, _HIGHEST_PORT),
            str(one.at),
        )
        for one in changes
    )
    await insert_rows(transaction, "portal_state_changes", _CHANGE, rows)


def _text(said: str) -> str:
    """Return what a database and JSON can hold of a text from outside."""
    if not said.isprintable():
        said = "".join(c if c.isprintable() else "?" for c in said)
    return said[:_LONGEST]


async def insert_rows(
    transaction: TransactionalDBClient,
    table: str,
    columns: Columns,
    rows: Iterable[Sequence[object]],
    conflict: str = "",
) -> None:
    """Insert rows; the table's own is called ``old`` in what is done in case of a conflict."""
    names = ", ".join(columns)
    source = _rows(transaction, columns)
    await _execute(transaction, f"INSERT INTO {table} AS old ({names}) {source} {conflict}", rows)


async def delete_rows(
    transaction: TransactionalDBClient,
    table: str,
    columns: Columns,
    rows: Iterable[Sequence[object]],
) -> None:
    """Delete what has these values in these columns."""
    source = _rows(transaction, columns)
    query = f"DELETE FROM {table} WHERE ({', '.join(columns)}) IN ({source})"  # noqa: S608 - constants
    await _execute(transaction, query, rows)


def _rows(transaction: TransactionalDBClient, columns: Columns) -> str:
    """Return the query that makes rows of the JSON text which is its only parameter."""
    if transaction.capabilities.dialect == "sqlite":
        values = [f"json_extract(value, '$[{place}]')" for place in range(len(columns))]
        # WHERE: without it, ON would be read as the condition of a join.
        source = "json_each(?) WHERE true"
    else:
        values = [f"(value ->> {place})::{kind}" for place, kind in enumerate(columns.values())]
        source = "jsonb_array_elements($1::jsonb)"
    return f"SELECT {', '.join(values)} FROM {source}"  # noqa: S608 - constants


async def _execute(
    transaction: TransactionalDBClient, query: str, rows: Iterable[Sequence[object]]
) -> None:
    async for some in slices(rows):
        await transaction.execute_query(
            query, [json.dumps(some, separators=(",", ":"), allow_nan=False)]
        )
