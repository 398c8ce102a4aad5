"""Waiting for a condition with a deadline."""

import asyncio
from collections.abc import Callable


async def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Return once the condition holds; fail the test when it does not in that many seconds."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    while not condition():
        assert clock() < deadline, f"not true within {seconds:g} s"
        await asyncio.sleep(0.005)
