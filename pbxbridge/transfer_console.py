"""Import and export on the command line: what is printed, and the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from pbxbridge.errors import Invalid
from pbxbridge.services.actor import CONSOLE
from pbxbridge.services.transfer.plan import Action, Plan, PlannedRow
from pbxbridge.services.transfer.progress import Progress as Step
from pbxbridge.services.transfer.progress import Tell
from pbxbridge.services.transfer.transfer import Transfer

STDOUT = "-"
MOST_SHOWN = 1000


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """Open the file to write, or standard output."""
    if path == STDOUT:
        yield sys.stdout.buffer
        return
    with Path(path).open("wb") as file:
        yield file


def content(path: str) -> bytes:
    """Return what is in a file. Raises Invalid if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as why:
        raise Invalid({"": f"{path}: {why.strerror}"}) from why


async def export_to(transfer: Transfer, path: str) -> None:
    """Write all extensions."""
    with opened(path) as file:
        async for part in transfer.export():
            file.write(part)


async def import_file(
    transfer: Transfer, path: str, file_format: str, *, dry_run: bool, console: Console
) -> None:
    """Say what a file would do, and do it unless this is a dry run.

    Raises Invalid after the mistakes were printed.
    """
    data = content(path)
    with _bar(console) as tell:
        plan = await transfer.plan(data, file_format, tell)
    if dry_run or plan.errors:
        for line in _lines(plan):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if plan.errors:
        raise Invalid({"": f"{len(plan.errors)} mistakes. Nothing was imported."})
    if not dry_run:
        with _bar(console) as tell:
            await transfer.apply(CONSOLE, plan, tell)
    console.print(_summary(plan, "would be " if dry_run else ""), highlight=False)


def _lines(plan: Plan) -> Iterator[str]:
    if plan.ignored:
        yield f"Columns without a counterpart, ignored: {', '.join(plan.ignored)}"
    for left_out in plan.left_out:
        yield f"row {left_out.row}: {left_out.number}: left out. {left_out.why}"
    for error in plan.errors[:MOST_SHOWN]:
        where = (f"row {error.row}", error.number, error.column)
        yield f"{' '.join(part for part in where if part)}: {error.sentence}"
    if len(plan.errors) > MOST_SHOWN:
        yield f"... and {len(plan.errors) - MOST_SHOWN} more mistakes"
    if not plan.errors:
        for row in plan.to_write():
            yield _line(row)


def _line(planned: PlannedRow) -> str:
    start = f"row {planned.asked.row}: {planned.action} {planned.asked.number}"
    changes = [
        f"{change.field}: {change.before!r} -> {change.after!r}"
        if not change.is_secret
        else f"{change.field}: a new one"
        for change in planned.differences
    ]
    return ". ".join((", ".join((start, *changes)), *planned.asked.notes))


def _summary(plan: Plan, would_be: str) -> str:
    counts = plan.counts
    return (
        f"{counts[Action.CREATE]} {would_be}created, {counts[Action.CHANGE]} {would_be}changed, "
        f"{counts[Action.NOTHING]} {would_be}left as they are."
    )


@contextmanager
def _bar(console: Console) -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Reading", total=None)

        def tell(step: Step) -> None:
            bar.update(task, description=step.doing, completed=step.done, total=step.total)

        yield tell
