"""A CSV file as rows of cells, and rows as a CSV file. Pure; what cells mean is for others.

Sources: RFC 4180; for what spreadsheets take for a formula, OWASP's page on CSV injection.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pbxbridge.errors import Invalid

LARGEST_FILE = 20 * 1024 * 1024
MOST_ROWS = 100_000
# FreePBX has the most, some hundred.
MOST_COLUMNS = 1000
DELIMITERS = (",", ";")

# Programs that look at a file's first bytes to tell how it is encoded, Excel above all, know UTF-8
# by this mark only.
UTF8_MARK = b"\xef\xbb\xbf"

# A spreadsheet runs a cell that begins so. An apostrophe in front makes it text, and is taken off
# again when the file is read; a plain number such as +4930 computes nothing and is left alone.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


class CsvRow(NamedTuple):
    """One row below the header, by column; ``row`` is its number as a spreadsheet shows it."""

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A file that could be read: its columns in lower case, and its rows without blank ones.

    A row whose number of cells does not fit the header is in ``ragged``, by row, with the sentence
    that says so.
    """

    columns: tuple[str, ...]
    rows: list[CsvRow]
    ragged: Mapping[int, str]


def read_table(data: bytes) -> CsvTable:
    """Read a CSV file. Raises Invalid for one that cannot be read, or names a column twice."""
    text = _decoded(data)
    records, has_escapes = _records(text), "'" in text
    header = [name.strip().lower() for name in next(records, [])]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise Invalid({"": "The file is empty: its first row must name the columns."})
    if len(header) > MOST_COLUMNS:
        raise Invalid({"": f"The file has more than {MOST_COLUMNS} columns."})
    if doubled := sorted(name for name, times in Counter(header).items() if times > 1):
        raise Invalid(dict.fromkeys(doubled, "This column is there more than once."))
    width = len(header)
    rows: list[CsvRow] = []
    ragged: dict[int, str] = {}
    for number, cells in enumerate(records, start=2):
        if not any(cells):
            continue
        if len(rows) == MOST_ROWS:
            raise Invalid({"": f"The file has more than {MOST_ROWS:,} rows. Split it."})
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            ragged[number] = f"This row has {len(cells)} cells, the header has {width}."
        else:
            plain = map(_plain, cells) if has_escapes else cells
            rows.append(CsvRow(number, dict(zip(header, plain, strict=True))))
    return CsvTable(tuple(header), rows, ragged)


def written(rows: Iterable[Iterable[str]], *, mark: bool = False) -> bytes:
    """Return rows as CSV that ``read_table`` reads back; ``mark`` begins a file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in rows)
    return (UTF8_MARK if mark else b"") + text.getvalue().encode()


def guarded(cell: str) -> str:
    """Return the cell as a spreadsheet may see it without running it."""
    if _FORMULA.match(cell) and not _PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise Invalid({"": f"The file is larger than {LARGEST_FILE // 1024 // 1024} MB."})
    try:
        text = data.removeprefix(UTF8_MARK).decode()
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        sentence = f"Line {line} is not UTF-8 text. Save the file as “CSV UTF-8”."
        raise Invalid({"": sentence}) from None
    if "\0" in text:
        raise Invalid({"": "This is not a text file. Save it as “CSV UTF-8”."})
    return text


def _records(text: str) -> Iterator[list[str]]:
    # Strict: a quotation mark that is never closed would swallow the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        yield from reader
    except csv.Error as wrong:
        sentence = f"Line {reader.line_num} cannot be read as CSV: {wrong}."
        raise Invalid({"": sentence}) from None


def _delimiter(text: str) -> str:
    """Return what separates the names of the columns, none of which has it in its name.

    Only the header is asked: what stands in cells, such as lists with semicolons, cannot mislead.
    """
    header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    return max(DELIMITERS, key=header.count)
