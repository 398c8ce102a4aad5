"""Pages of a list that is counted."""

from __future__ import annotations


def within(page: int, total: int, per_page: int) -> tuple[int, int]:
    """Return the page to show, the nearest to ``page`` that there is, and how many there are.

    Pages count from 1; a list of nothing has one.
    """
    pages = max(1, -(-total // per_page))
    return min(max(1, page), pages), pages
