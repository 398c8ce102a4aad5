"""Forwards that lead back to where they began, over any number of hops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Kind = str


@dataclass(frozen=True, slots=True)
class Hop:
    """One forward: from which extension, in which case (``busy``), to where."""

    number: str
    kind: Kind
    target: str


def find_loop(start: str, forwards_of: Callable[[str], Iterable[Hop]]) -> list[Hop]:
    """Return the shortest chain of forwards from ``start`` back to it; empty if there is none.

    Each forward may come to pass, whatever the others do: an extension that forwards when busy to
    one that forwards when nobody answers can go round for ever.
    """
    seen = {start}
    chains: list[list[Hop]] = [[]]
    while chains:
        longer = []
        for chain in chains:
            for hop in forwards_of(chain[-1].target if chain else start):
                if hop.target == start:
                    return [*chain, hop]
                if hop.target not in seen:
                    seen.add(hop.target)
                    longer.append([*chain, hop])
        chains = longer
    return []


def path_in_words(chain: Iterable[Hop]) -> str:
    """Return the chain as ``1001 -> 1002 (busy) -> 1001 (all calls)``."""
    hops = list(chain)
    return " → ".join([hops[0].number, *(f"{hop.target} ({hop.kind})" for hop in hops)])
