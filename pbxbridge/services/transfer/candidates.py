"""One row of a file as the extension that it asks for, or what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pbxbridge.errors import Invalid
from pbxbridge.services.extension_change import Credentials, merged
from pbxbridge.services.extension_input import DEFAULTS, ExtensionInput, parse_extension
from pbxbridge.services.extension_view import ExtensionView, fields_of
from pbxbridge.services.transfer.importers import Extracted, Reading, own

# Where an empty cell says something: nothing is there, or what is secret stays. Elsewhere (yes or
# no, a list to choose from) it says no more than a column that is not there.
EMPTIABLE = frozenset(name for name, default in DEFAULTS.items() if default in ("", None, []))
WEAK_SECRET = "Empty the cell to have a random one made."  # noqa: S105 - a hint


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a row asks for; ``before`` is the extension as it is, None for a new one.

    ``credentials`` are those afterwards, ``stored`` those of now.
    """

    row: int
    number: str
    wanted: ExtensionInput
    credentials: Credentials
    before: ExtensionView | None
    stored: Credentials
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row with mistakes: sentences by field. ``mac`` is as it stands in the file."""

    row: int
    number: str
    problems: Mapping[str, str]
    mac: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is no extension here, and why."""

    row: int
    number: str
    why: str


def number_in(extracted: Extracted) -> str:
    """Return the number of the extension that a row is for, as it is stored."""
    return extracted.values.get("number", "").strip().lower()


def candidate(
    row: int,
    extracted: Extracted,
    reading: Reading,
    before: ExtensionView | None,
    stored: Credentials,
) -> Candidate | Refused | LeftOut:
    """Check a row by itself, against the extension as it is if there is one."""
    number = number_in(extracted)
    if extracted.left_out:
        return LeftOut(row, number, extracted.left_out)
    try:
        wanted = parse_extension(_values(extracted.values, before))
        credentials = merged(stored, wanted)
    except Invalid as invalid:
        problems = _with_hints(invalid.fields, reading)
        return Refused(row, number, problems, extracted.values.get("mac", ""))
    return Candidate(row, number, wanted, credentials, before, stored, extracted.notes)


def _values(cells: Mapping[str, str], before: ExtensionView | None) -> dict[str, object]:
    given = {name: stripped for name, cell in cells.items() if (stripped := cell.strip())}
    if before is None:
        return {"number": "", **given}
    cleared = {name: "" for name in cells if name in EMPTIABLE and name not in given}
    return {**fields_of(before), **cleared, **given}


def _with_hints(problems: Mapping[str, str], reading: Reading) -> dict[str, str]:
    """Tell what to do about a secret that another system took and we do not."""
    if reading.format == own.NAME or "secret" not in problems:
        return dict(problems)
    return {**problems, "secret": f"{problems['secret']} {WEAK_SECRET}"}
