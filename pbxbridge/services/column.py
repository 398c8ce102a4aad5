"""What a column can hold."""

from __future__ import annotations

from typing import cast

from tortoise.fields import CharField
from tortoise.models import Model


def fits(model: type[Model], column: str, text: str) -> bool:
    """Whether a column of text may hold this at all; what does not fit is nobody's.

    Tortoise refuses to look for what is longer than the column, PostgreSQL for a NUL.
    """
    length = cast("CharField[str]", model._meta.fields_map[column]).max_length
    return len(text) <= length and "\0" not in text
