"""Waiting for conditions, and owning tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

# In seconds. A loaded machine is slow, not wrong: only a failing test waits this long.
PATIENCE = 15.0

_log = logging.getLogger(__name__)


class Watch:
    """Lets coroutines wait until a condition over some state holds.

    Conditions are evaluated inside `changed()`, so a state that lasts for one packet is not missed.
    """

    def __init__(self) -> None:
        self._checks: list[Callable[[], None]] = []

    def changed(self) -> None:
        """Tell the waiters that the state is another one now."""
        for check in list(self._checks):
            check()

    async def until(
        self,
        condition: Callable[[], bool],
        seconds: float,
        *,
        waiting_for: str,
        seen: Callable[[], str],
        hopeless: Callable[[], bool] = lambda: False,
    ) -> None:
        """Return once the condition holds.

        Raises TimeoutError, with what was last seen, after the seconds or as soon as the
        condition is hopeless.
        """
        settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def check() -> None:
            if settled.done():
                return
            try:
                if condition():
                    settled.set_result(True)
                elif hopeless():
                    settled.set_result(False)
            except Exception as error:  # the condition is the waiter's: let it have the error
                settled.set_exception(error)

        self._checks.append(check)
        try:
            check()
            async with asyncio.timeout(seconds):
                held = await settled
        except TimeoutError:
            raise TimeoutError(f"no {waiting_for} within {seconds} s; seen: {seen()}") from None
        finally:
            self._checks.remove(check)
        if not held:
            raise TimeoutError(f"{waiting_for} cannot come any more; seen: {seen()}")


class Tasks:
    """Owns background tasks: names them, cancels them at the end, and hides no failure."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []

    def spawn(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        """Run it in the background until it ends or `close()` comes."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            _log.error("task %s failed", task.get_name(), exc_info=error)
            self._failures.append(error)

    async def close(self) -> None:
        """Cancel and await all. Raises ExceptionGroup when any task had failed by itself."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        failures, self._failures = self._failures, []
        if failures:
            raise ExceptionGroup("background tasks of a phone failed", failures)
