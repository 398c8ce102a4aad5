"""What ``pbxbridge check`` says of an administrator's own makes of phones."""

from __future__ import annotations

from pathlib import Path

from pbxbridge.check_result import Result
from pbxbridge.phones.makes import own_makes

NAME = "makes of phones"
REMEDY = "Such a make is left out. See docs/phone-makes.md."


def make_results(own: Path | None) -> list[Result]:
    """Read each make of the folder, and try its templates; without a folder nothing is said."""
    if own is None:
        return []
    makes, problems = own_makes(own)
    if problems:
        return [Result(NAME, False, str(problem), REMEDY) for problem in problems]
    names = ", ".join(sorted(make.name for make in makes.values()))
    return [Result(NAME, True, f"every make in {own} can be used: {names or 'there is none'}")]
