"""How long to wait before trying again."""

from datetime import timedelta

STEPS = (5, 30, 2 * 60, 10 * 60, 30 * 60, 60 * 60)
SPREAD = 0.2


def retry_delay(failures: int, jitter: float) -> timedelta:
    """Return the pause after the ``failures``-th failure in a row, counted from 1.

    It grows from 5 s to 1 h. ``jitter``, from 0 to 1, moves it by up to 20 % either way, so that
    what failed together does not come back together.
    """
    seconds = STEPS[min(failures, len(STEPS)) - 1]
    return timedelta(seconds=seconds * (1 + SPREAD * (2 * jitter - 1)))
