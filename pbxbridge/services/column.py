"""What a column can hold, and looking for a part of it."""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import TypeVar, cast

from tortoise.expressions import Function, Q
from tortoise.fields import CharField
from tortoise.functions import Lower
from tortoise.models import Model
from tortoise.queryset import QuerySet

M = TypeVar("M", bound=Model)

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def fits(model: type[Model], column: str, text: str) -> bool:
    """Whether a column of text may hold this at all; what does not fit is nobody's.

    Tortoise refuses to look for what is longer than the column, PostgreSQL for a NUL.
    """
    length = cast("CharField[str]", model._meta.fields_map[column]).max_length
    return len(text) <= length and "\0" not in text


def cases_of(part: str) -> list[str]:
    """Return how a part of a text may be written, for a comparison that takes only A for a.

    That is all that SQLite knows of letters, and PostgreSQL in our columns (models/postgres.py).
    """
    cases = {part} if part.isascii() else {part, part.lower(), part.upper(), part.title()}
    return sorted({case.translate(_LOWER) for case in cases})


def with_part(
    found: QuerySet[M], columns: Iterable[str | Function], part: str, how: str = "contains"
) -> QuerySet[M]:
    """Leave in the rows one of whose columns has this part, in upper or lower case.

    ``how`` is Tortoise's word for where: contains, startswith, endswith.
    """
    if "\0" in part:
        return found.filter(pk__in=[])
    either = Q()
    for place, column in enumerate(columns):
        found = found.annotate(**{f"lower_{place}": Lower(column)})
        for case in cases_of(part):
            either |= Q(**{f"lower_{place}__{how}": case})
    return found.filter(either)
