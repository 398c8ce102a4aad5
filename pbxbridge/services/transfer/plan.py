"""What an import would do, row by row: decided from a file and the facts, without I/O."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pbxbridge.services.extension_change import NOTHING_RENEWED, Renewed, renewed
from pbxbridge.services.extension_input import WRITE_ONLY
from pbxbridge.services.extension_view import FIELDS, ExtensionView, fields_of, fields_when_saved
from pbxbridge.services.licences import LicenceView
from pbxbridge.services.transfer.candidates import Candidate, LeftOut, Refused
from pbxbridge.services.transfer.cells import cell_of
from pbxbridge.services.transfer.conflicts import Conflicts, RowProblem
from pbxbridge.services.transfer.facts import Facts, Mentioned
from pbxbridge.services.transfer.importers import Reading


class Action(StrEnum):
    """What would become of a row."""

    CREATE = "create"
    CHANGE = "change"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row; ``column`` is the file's own name of ``field``.

    Both are empty for the row as a whole.
    """

    row: int
    number: str
    field: str
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changes, as cells of our own format; those of a secret are empty."""

    field: str
    before: str
    after: str

    @property
    def is_secret(self) -> bool:
        """Whether all that may be told is that it changes."""
        return self.field in WRITE_ONLY


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """What would become of a row, and why."""

    asked: Candidate
    action: Action
    renewed: Renewed
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan was made from: as long as this is so, the plan holds.

    ``taken`` are the numbers of new extensions for which Asterisk's tables hold another's rows;
    ``can_link`` tells that mails can link to the portal.
    """

    mentioned: Mentioned
    facts: Facts
    taken: frozenset[str]
    licences: LicenceView
    can_link: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do; with ``errors`` it does nothing at all.

    ``ignored`` are columns of another system with values that have no counterpart here.
    ``digest`` names this plan for this file.
    """

    format: str
    rows: tuple[PlannedRow, ...]
    left_out: tuple[LeftOut, ...]
    errors: tuple[RowError, ...]
    ignored: tuple[str, ...]
    basis: Basis
    counts: Counter[Action]
    digest: str

    def to_write(self) -> Iterator[PlannedRow]:
        """Yield the rows that change something."""
        return (row for row in self.rows if row.action is not Action.NOTHING)


def make_plan(
    reading: Reading,
    rows: Sequence[Candidate | Refused | LeftOut],
    ignored: tuple[str, ...],
    basis: Basis,
    file_hash: bytes,
) -> Plan:
    """Decide what the rows of a file would do together."""
    good = tuple(planned(row) for row in rows if isinstance(row, Candidate))
    refused = [row for row in rows if isinstance(row, Refused)]
    conflicts = Conflicts([(row.asked, row.action is not Action.NOTHING) for row in good], refused)
    problems = [
        *(
            RowProblem(row.row, row.number, field, sentence)
            for row in refused
            for field, sentence in row.problems.items()
        ),
        *conflicts.problems(basis.facts, basis.taken, basis.licences, can_link=basis.can_link),
    ]
    return Plan(
        format=reading.format,
        rows=good,
        left_out=tuple(row for row in rows if isinstance(row, LeftOut)),
        errors=tuple(_errors(problems, reading)),
        ignored=ignored,
        basis=basis,
        counts=Counter(row.action for row in good),
        digest=_digest(file_hash, good),
    )


def planned(asked: Candidate) -> PlannedRow:
    """Return what would become of a row that is right by itself."""
    if asked.before is None:
        return PlannedRow(asked, Action.CREATE, NOTHING_RENEWED, ())
    new = renewed(asked.stored, asked.wanted, asked.credentials)
    differences = (*_differences(asked.before, asked), *_secret_differences(new))
    return PlannedRow(asked, Action.CHANGE if differences else Action.NOTHING, new, differences)


def _differences(before: ExtensionView, asked: Candidate) -> Iterator[Difference]:
    old, new = fields_of(before), fields_when_saved(asked.wanted)
    for name in FIELDS:
        if old[name] != new[name]:
            yield Difference(name, cell_of(old[name]), cell_of(new[name]))


def _secret_differences(new: Renewed) -> Iterator[Difference]:
    for is_new, name in (
        (new.pin, "voicemail_pin"),
        (new.secret, "secret"),
        (new.auth_secret, "auth_secret"),
    ):
        if is_new:
            yield Difference(name, "", "")


def _errors(problems: Iterable[RowProblem], reading: Reading) -> Iterator[RowError]:
    for problem in sorted(problems, key=lambda one: one.row):
        column = reading.columns.get(problem.field, problem.field)
        yield RowError(problem.row, problem.number, problem.field, column, problem.sentence)


def _digest(file_hash: bytes, rows: Iterable[PlannedRow]) -> str:
    versions = (row.asked.before.version if row.asked.before else 0 for row in rows)
    return hashlib.sha256(file_hash + ",".join(map(str, versions)).encode()).hexdigest()
