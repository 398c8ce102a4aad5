"""Writes many rows with few statements: an executemany for all rows of one shape.

Tortoise's bulk_create makes an object of every row first, which takes several times as long as
the database does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pypika_tortoise.queries import Table
from pypika_tortoise.terms import Parameter
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model

from pbxbridge.services.transfer.lookup import batches

# As many rows go into one statement: progress is told after each.
AT_ONCE = 1000

Columns = Mapping[str, Any]
# A model whose fields are named as their columns, or a table that has no model.
Target = type[Model] | Table
Told = Callable[[int], None]


class BulkWrite:
    """Gathers rows to delete, change and add, and then writes them in that order."""

    def __init__(self) -> None:
        self._deletes: dict[tuple[Target, tuple[str, ...]], list[list[Any]]] = {}
        self._updates: dict[tuple[Target, tuple[str, ...], tuple[str, ...]], list[list[Any]]] = {}
        self._inserts: dict[tuple[Target, tuple[str, ...]], list[list[Any]]] = defaultdict(list)

    def __len__(self) -> int:
        """Return how many rows are gathered."""
        every = (*self._deletes.values(), *self._updates.values(), *self._inserts.values())
        return sum(map(len, every))

    def delete(self, table: Target, key: Columns) -> None:
        """Delete the row with this key."""
        self._deletes.setdefault((table, tuple(key)), []).append([*key.values()])

    def update(self, table: Target, key: Columns, changed: Columns) -> None:
        """Change columns of the row with this key."""
        rows = self._updates.setdefault((table, tuple(changed), tuple(key)), [])
        rows.append([*changed.values(), *key.values()])

    def insert(self, table: Target, columns: Columns) -> None:
        """Add a row."""
        self._inserts[table, tuple(columns)].append([*columns.values()])

    def changed(self, models: Collection[type[Model]]) -> Iterator[tuple[type[Model], str]]:
        """Yield the rows of these models that are to be deleted or changed, by their ids."""
        targets = [(key[0], rows) for key, rows in self._deletes.items()]
        targets += [(key[0], rows) for key, rows in self._updates.items()]
        for target, rows in targets:
            if not isinstance(target, Table) and target in models:
                # The key comes last, and is a single column.
                yield from ((target, row[-1]) for row in rows)

    async def write(self, transaction: TransactionalDBClient, told: Told) -> None:
        """Write it all; ``told`` hears of each thousand rows.

        Raises IntegrityError for a row whose key is taken.
        """
        for sql, rows in self._statements(transaction):
            for some in batches(rows, AT_ONCE):
                await transaction.execute_many(sql, some)
                told(len(some))

    def _statements(
        self, transaction: TransactionalDBClient
    ) -> Iterator[tuple[str, list[list[Any]]]]:
        query = transaction.query_class
        for (target, keys), rows in self._deletes.items():
            table = _table(target)
            delete = query.from_(table).delete()
            for place, name in enumerate(keys, start=1):
                delete = delete.where(table[name] == Parameter(idx=place))
            yield str(delete), rows
        for (target, changed, keys), rows in self._updates.items():
            table = _table(target)
            update = query.update(table)
            for place, name in enumerate(changed, start=1):
                update = update.set(name, Parameter(idx=place))
            for place, name in enumerate(keys, start=len(changed) + 1):
                update = update.where(table[name] == Parameter(idx=place))
            yield str(update), rows
        for (target, names), rows in self._inserts.items():
            places = [Parameter(idx=place) for place in range(1, len(names) + 1)]
            yield str(query.into(_table(target)).columns(*names).insert(*places)), rows


def _table(target: Target) -> Table:
    return target if isinstance(target, Table) else target._meta.basetable
