"""Long work in short pieces, so that the event loop is never held up."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from typing import TypeVar

_Item = TypeVar("_Item")

# A few milliseconds of what is done with an endpoint.
SLICE = 1000


async def slices(items: Iterable[_Item]) -> AsyncIterator[list[_Item]]:
    """Give the items in pieces, with a turn of the event loop after each."""
    left = iter(items)
    while piece := list(islice(left, SLICE)):
        yield piece
        await asyncio.sleep(0)
