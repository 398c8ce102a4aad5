"""Reconciliation on the command line: what is printed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from rich.console import Console

from pbxbridge.services.actor import CONSOLE
from pbxbridge.services.reconcile.reconcile import Reconciler
from pbxbridge.services.reconcile.words import drift_lines, left_lines, renewed_lines, summary

MOST_SHOWN = 1000


async def reconcile(
    reconciler: Reconciler, *, repair: bool, verbose: bool, console: Console
) -> bool:
    """Say what differs, and put it right if wanted; return whether all is well now."""
    report = await reconciler.find()
    _say(console, (line for drift in report.drifts for line in drift_lines(drift)))
    if verbose:
        _say(console, (f"not ours: {row}" for row in report.foreign))
    _say(console, [summary(report)])
    if not (repair and report.drifts):
        return not report.drifts
    done = await reconciler.repair(CONSOLE, report)
    _say(console, (line for drift in done for line in renewed_lines(drift)))
    left = [line for drift in report.drifts for line in left_lines(drift)]
    _say(console, [*left, f"{len(done)} repaired, {len(left)} left."])
    return not left


def _say(console: Console, lines: Iterable[str]) -> None:
    rest = iter(lines)
    for line in islice(rest, MOST_SHOWN):
        # Others' rows may hold anything, also what a terminal obeys.
        shown = "".join(c if c.isprintable() else "?" for c in line)
        console.print(shown, markup=False, highlight=False, soft_wrap=True)
    if more := sum(1 for _ in rest):
        console.print(f"... and {more} more", highlight=False)
