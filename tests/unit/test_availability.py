"""How much of each stretch of time a device was there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.mirror.endpoint import Status
from pbxbridge.services.states.availability import Moment, Share, availability, mean

END = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
START = END - DAY


def at(hours: float) -> datetime:
    """So many hours before the end."""
    return END - timedelta(hours=hours)


def shares(*moments: tuple[float, str], heard: datetime = END, buckets: int = 24) -> list[Share]:
    told = [Moment(at(hours), status) for hours, status in moments]
    return availability(told, START, END, buckets, heard)


def test_before_the_first_change_nothing_is_known() -> None:
    found = shares((12, "OK"))
    assert found[:12] == [Share(unknown=1.0)] * 12
    assert found[12:] == [Share(answers=1.0)] * 12


def test_a_change_before_the_first_stretch_holds_until_the_next() -> None:
    found = shares((50, "OK"), (6, ""))
    assert found[0] == Share(answers=1.0)
    assert found[-1] == Share(gone=1.0)


def test_a_stretch_in_which_it_changed_has_shares_of_both() -> None:
    found = shares((30, "OK"), (0.75, "UNREACHABLE"), (0.25, "UNKNOWN"))
    assert found[-1] == pytest.approx(Share(answers=0.25, silent=0.75))
    assert found[-2] == Share(answers=1.0)


def test_of_a_device_that_is_not_asked_nothing_is_known() -> None:
    assert mean(shares((30, "UNMONITORED"))) == Share(unknown=1.0)


def test_since_the_node_is_not_heard_of_nothing_is_known() -> None:
    found = shares((30, "OK"), heard=at(2))
    assert found[-3:] == [Share(answers=1.0), Share(unknown=1.0), Share(unknown=1.0)]


def test_of_no_time_nothing_is_known() -> None:
    assert mean([]) == Share(unknown=1.0)


MOMENTS = st.lists(
    st.tuples(
        st.floats(-60, 30 * 3600).map(lambda seconds: END - timedelta(seconds=seconds)),
        st.sampled_from([*Status, "Strange"]),
    ).map(lambda pair: Moment(*pair)),
    max_size=30,
)


@given(MOMENTS, st.integers(1, 60), st.floats(-2, 30))
def test_shares_are_whole(moments: list[Moment], buckets: int, heard: float) -> None:
    found = availability(moments, START, END, buckets, at(heard))
    assert len(found) == buckets
    for share in (*found, mean(found)):
        assert sum(share) == pytest.approx(1.0)
        assert all(-1e-9 <= part <= 1 + 1e-9 for part in share)


@given(MOMENTS, st.sampled_from([2, 3, 4, 6]))
def test_the_whole_does_not_depend_on_its_parts(moments: list[Moment], buckets: int) -> None:
    whole = availability(moments, START, END, 1, END)
    parts = availability(moments, START, END, buckets, END)
    assert mean(parts) == pytest.approx(whole[0], abs=1e-6)


@given(MOMENTS)
def test_each_instant_counts_for_the_last_change_before_it(moments: list[Moment]) -> None:
    """A slow way to say the same: look at every minute."""
    step = timedelta(minutes=1)
    rounded = [Moment(START + (at - START) // step * step, status) for at, status in moments]
    ordered = sorted(rounded)
    answers = 0
    for minute in range(DAY // step):
        before = [moment for moment in ordered if moment.at <= START + step * minute]
        answers += bool(before) and before[-1].status == Status.OK
    found = mean(availability(rounded, START, END, 48, END))
    assert found.answers == pytest.approx(answers / (DAY // step), abs=1e-6)
