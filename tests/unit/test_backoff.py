"""The pauses between tries."""

from datetime import timedelta

import pytest

from pbxbridge.services.backoff import retry_delay


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 3600), (99, 3600)]
)
def test_the_pause_grows_to_an_hour(failures: int, seconds: int) -> None:
    assert retry_delay(failures, 0.5) == timedelta(seconds=seconds)


def test_jitter_moves_the_pause_by_a_fifth_either_way() -> None:
    assert retry_delay(2, 0.0) == timedelta(seconds=24)
    assert retry_delay(2, 1.0) == timedelta(seconds=36)
