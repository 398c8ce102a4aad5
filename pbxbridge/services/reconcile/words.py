"""What a reconciliation found, in words: one line for each row."""

from __future__ import annotations

from collections.abc import Iterator

from pbxbridge.services.reconcile.drift import Drift, Fault, Kind, RowDrift
from pbxbridge.services.reconcile.reconcile import Report

_FAULTS = {
    Fault.MISSING: "is missing",
    Fault.SURPLUS: "should not be there",
    Fault.DIFFERENT: "differs",
}
_LEFT_OVER = " (not in the portal)"


def drift_lines(drift: Drift) -> Iterator[str]:
    """Yield what is wrong."""
    start = f"{drift.kind} {drift.name}"
    if drift.kind is Kind.LEFTOVER:
        start = f"{drift.name}{_LEFT_OVER}"
    for row in drift.rows:
        yield f"{start}: {_row_words(row)}"
    for lost in drift.lost:
        yield f"{start}: its {lost} is lost"


def renewed_lines(drift: Drift) -> Iterator[str]:
    """Yield what somebody has to do now that lost secrets were made anew."""
    for lost in drift.lost:
        if lost == "PIN":
            yield f"extension {drift.name}: has a random PIN now; set one in the portal"
        else:
            yield f"extension {drift.name}: has a new {lost}; the portal shows it for the device"


def left_lines(drift: Drift) -> Iterator[str]:
    """Yield what only a person can put right."""
    if drift.kind is Kind.TRUNK:
        for lost in drift.lost:
            yield f"trunk {drift.name}: its {lost} is lost; enter it in the portal"


def summary(report: Report) -> str:
    """Return how much was compared, and how much of it is wrong."""
    compared = (
        f"{_count(report.extensions, 'extension')}, {_count(report.trunks, 'trunk')}, "
        f"{_count(report.groups, 'phone group')} and the dialplan"
    )
    drifted = len(report.drifts)
    wrong = f"{drifted} {'differs' if drifted == 1 else 'differ'}" if drifted else "no drift"
    return f"{compared} compared: {wrong}. {_count(len(report.foreign), 'row')} not ours."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _row_words(row: RowDrift) -> str:
    changes = ", ".join(
        f"{name} is {was!r}, should be {becomes!r}" for name, (was, becomes) in row.changes.items()
    )
    return f"{row.label}: {changes}" if changes else f"{row.label} {_FAULTS[row.fault]}"
