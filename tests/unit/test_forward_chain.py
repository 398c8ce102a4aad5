"""Forwards that lead back to where they began."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dialplan.forward_chain import Hop, find_loop, path_in_words

NUMBERS = st.sampled_from("abcdef")
EDGES = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12)


def of(*edges: tuple[str, str]) -> dict[str, list[Hop]]:
    found: dict[str, list[Hop]] = {}
    for number, target in edges:
        found.setdefault(number, []).append(Hop(number, "busy", target))
    return found


def test_the_shortest_circle_is_told_as_a_path() -> None:
    hops = of(("a", "b"), ("b", "c"), ("c", "a"), ("a", "d"), ("d", "a"))
    loop = find_loop("a", lambda number: hops.get(number, []))
    assert path_in_words(loop) == "a → d (busy) → a (busy)"


def test_a_circle_elsewhere_is_not_of_the_start() -> None:
    hops = of(("a", "b"), ("b", "c"), ("c", "b"))
    assert find_loop("a", lambda number: hops.get(number, [])) == []


@given(edges=EDGES, start=NUMBERS)
def test_a_circle_is_found_if_and_only_if_the_start_reaches_itself(
    edges: list[tuple[str, str]], start: str
) -> None:
    reached: set[str] = set()
    frontier = {start}
    while frontier:
        frontier = {b for a, b in edges if a in frontier} - reached
        reached |= frontier
    hops = of(*edges)
    loop = find_loop(start, lambda number: hops.get(number, []))
    assert bool(loop) == (start in reached)
    if loop:
        assert (loop[0].number, loop[-1].target) == (start, start)
        assert all(one.target == other.number for one, other in pairwise(loop))
