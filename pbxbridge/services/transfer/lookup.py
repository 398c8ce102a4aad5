"""Reads many rows by their keys: what a query for each would take thousands of round trips for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any, TypeVar

from pypika_tortoise.terms import Parameter
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

T = TypeVar("T")

# SQLite takes 32,766 parameters, PostgreSQL 32,767.
AT_ONCE = 1000


async def rows_with(
    connection: BaseDBAsyncClient,
    model: type[Model],
    columns: Collection[str],
    key: str,
    values: Collection[str] | Collection[int],
    **fixed: object,
) -> list[tuple[Any, ...]]:
    """Return these columns of the rows whose ``key`` is one of the values.

    ``fixed`` are columns that must have that very value. The order is nobody's.
    """
    table = model._meta.basetable
    condition = [table[name] == Parameter(idx=place) for place, name in enumerate(fixed, start=1)]
    queries: dict[int, str] = {}
    found: list[tuple[Any, ...]] = []
    for some in batches(values, AT_ONCE):
        if len(some) not in queries:
            first = len(fixed) + 1
            keys = [Parameter(idx=place) for place in range(first, first + len(some))]
            query = connection.query_class.from_(table).select(*(table[name] for name in columns))
            for one in (*condition, table[key].isin(keys)):
                query = query.where(one)
            queries[len(some)] = str(query)
        _, rows = await connection.execute_query(queries[len(some)], [*fixed.values(), *some])
        found += [tuple(row[name] for name in columns) for row in rows]
    return found


async def by_key(
    connection: BaseDBAsyncClient,
    model: type[Model],
    key: str,
    column: str,
    values: Collection[str] | Collection[int],
    **fixed: object,
) -> Mapping[Any, Any]:
    """Return one column of the rows whose ``key`` is one of the values, by that key."""
    return dict(await rows_with(connection, model, (key, column), key, values, **fixed))


def batches(values: Iterable[T], size: int) -> Iterable[list[T]]:
    """Yield the values in lists of ``size``, the last one shorter."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
