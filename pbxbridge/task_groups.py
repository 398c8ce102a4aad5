"""What TaskGroup leaves to whoever goes on after a group that failed.

Before Python 3.13, a task of a group that fails while nothing but the group's end is awaited leaves
the task around it cancelled for ever. So let the body of such a group await something, too.
"""

import asyncio
from typing import TypeVar

T = TypeVar("T", bound=BaseException)


def raise_if_cancelled() -> None:
    """Stop if the task was cancelled in the moment in which its group failed by itself.

    Before Python 3.13 a TaskGroup then reports the failure alone (python/cpython#116720).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def first_of(group: BaseExceptionGroup[T]) -> T:
    """Return the first failure itself; often every task of a group reports the same one."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
