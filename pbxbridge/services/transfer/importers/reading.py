"""How a format reads a row, and what cells of other systems have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_YES = frozenset({"yes", "true", "1", "on", "enabled"})
# "Ada Lovelace" <+4930123>, or the number alone.
_CALLER_ID = re.compile(r'(?:"[^"]*"|[^<]*)<([^<>]*)>')


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a row says of an extension, by the names of ExtensionInput's fields.

    ``notes`` are sentences on what could not be taken over; ``left_out`` is why the row is no
    extension here, empty if it is one.
    """

    values: Mapping[str, str]
    notes: tuple[str, ...] = ()
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of a file are read.

    ``columns`` tells in which column each field is, for the sentence that names a mistake;
    ``ignored`` are the columns without a counterpart.
    """

    format: str
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    extract: Callable[[Mapping[str, str]], Extracted]


def is_yes(cell: str) -> bool:
    """Whether another system means yes."""
    return cell.strip().lower() in _YES


def yes_or_no(cell: str) -> str:
    """Return the cell as our own format says it."""
    return "yes" if is_yes(cell) else "no"


def number_of(caller_id: str) -> str:
    """Return the number of a caller ID, without what only makes it easier to read."""
    found = _CALLER_ID.fullmatch(caller_id.strip())
    return re.sub(r"[\s()./-]", "", found[1] if found else caller_id)


def mapped(
    name: str,
    columns: Sequence[str],
    counterparts: Mapping[str, str],
    also_read: Sequence[str],
    extract: Callable[[Mapping[str, str]], Extracted],
) -> Reading:
    """Return the reading of another system's file.

    ``counterparts`` gives the column of each field; ``also_read`` are further columns in use.
    """
    there = {field: column for field, column in counterparts.items() if column in columns}
    used = {*there.values(), *also_read}
    return Reading(name, there, tuple(c for c in columns if c not in used), extract)
