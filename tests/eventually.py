"""Waiting for a condition with a deadline."""

import asyncio
from collections.abc import Callable

# A loaded machine is slow, not wrong: only a failing test waits this long.
PATIENCE_SECONDS = 20.0


async def eventually(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Return once the condition holds; fail the test when it does not in that many seconds."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    while not condition():
        assert clock() < deadline, f"not true within {seconds:g} s"
        await asyncio.sleep(0.005)
