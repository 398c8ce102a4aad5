"""The address of a list: what it says of search, order and page, and the links to another view."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def changed_address(path: str, query: DataclassInstance, **changes: Any) -> str:
    """Return the address after a change, which leads to the first page unless it says which.

    The fields of ``query`` are the parameters by their names, one of them ``page``; what is as
    usual is left out.
    """
    usual = {field.name: field.default for field in fields(query)}
    changed = asdict(replace(query, **{"page": 1, **changes}))
    said = {name: value for name, value in changed.items() if value != usual[name]}
    return f"{path}?{urlencode(said)}" if said else path


def turned(sort: str, column: str) -> str:
    """Return the order by a column; the other way round, with a ``-``, if it is that already."""
    return f"-{column}" if sort == column else column


def direction_of(sort: str) -> str:
    """Return an order as ARIA's aria-sort says it."""
    return "descending" if sort.startswith("-") else "ascending"
