"""A phone group as rows: every member once, in order, in rows that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.extension_row import APPDATA_LENGTH
from dialplan.group_rows import group_rows

DEVICES = st.lists(st.from_regex(r"(PJSIP|IAX2)/[0-9a-z]{1,20}", fullmatch=True), max_size=100)


def test_few_members_are_one_row() -> None:
    (row,) = group_rows("600", ["PJSIP/1", "IAX2/2"], 20, "9")
    assert (row.context, row.exten, row.priority, row.app) == ("extensions", "600", 1, "Gosub")
    assert row.appdata == "sub-group,s,1(20,9,PJSIP/1&IAX2/2)"


def test_without_members_the_fallback_is_left_or_nothing() -> None:
    assert [row.appdata for row in group_rows("600", [], 20, "9")] == ["sub-group,s,1(20,9)"]
    assert [row.appdata for row in group_rows("600", [], 20, "")] == ["sub-group,s,1(20)"]


@given(
    devices=DEVICES,
    ring_time=st.integers(5, 300),
    fallback=st.from_regex("[0-9]{0,20}", fullmatch=True),
)
def test_every_member_is_in_one_row_in_order(
    devices: list[str], ring_time: int, fallback: str
) -> None:
    rows = group_rows("600", devices, ring_time, fallback)
    assert [row.priority for row in rows] == list(range(1, len(rows) + 1))
    assert all(len(row.appdata) <= APPDATA_LENGTH for row in rows)
    portions = [row.appdata.partition("(")[2].removesuffix(")") for row in rows]
    assert all(row.appdata.startswith("sub-group-members,") for row in rows[:-1])
    *_, last = [*portions[-1].split(",", 2), ""][:3] if devices else [""]
    found = "&".join([*portions[:-1], last]) if devices else ""
    assert found == "&".join(devices)


@pytest.mark.parametrize("evil", ["${X}", "a,b", "a)", "a b", "a|b", 'a"'])
def test_what_could_mean_something_to_the_dialplan_is_refused(evil: str) -> None:
    for number, device, fallback in ((evil, "D/1", ""), ("1", evil, ""), ("1", "D/1", evil)):
        with pytest.raises(ValueError, match="not fit"):
            group_rows(number, [device], 20, fallback)
