"""DIDs as rows and lines."""

from __future__ import annotations

import pytest

from dialplan.inbound import did_pattern_lines, did_row, trunk_lines, unknown_did_lines
from dialplan.pattern import canonical, parse_pattern, precedence


def test_a_did_goes_to_its_extension() -> None:
    row = did_row("+4930100", "1001")
    assert (row.context, row.exten, row.priority) == ("did", "+4930100", 1)
    assert (row.app, row.appdata) == ("Goto", "extensions,1001,1")


def test_what_is_not_set_has_no_line() -> None:
    assert unknown_did_lines("") == did_pattern_lines({}) == trunk_lines([]) == ()


def test_lines_are_as_asterisk_reads_them() -> None:
    assert [line.var_val for line in did_pattern_lines({"_49XX": "1"})] == [
        "_49XX,1,Goto(extensions,1,1)"
    ]
    (unknown,) = unknown_did_lines("600")
    assert (unknown.category, unknown.var_val) == ("did-unknown", "s,1,Goto(extensions,600,1)")
    assert [line.var_val for line in trunk_lines([("a", "+49"), ("b", "")])] == [
        "a,1,Return(+49)",
        "b,1,Return()",
    ]


@pytest.mark.parametrize("evil", ["${X}", "1,2", "1)", "1 2"])
def test_what_could_mean_something_to_the_dialplan_is_refused(evil: str) -> None:
    for make in (lambda: did_row("1", evil), lambda: unknown_did_lines(evil)):
        with pytest.raises(ValueError, match="not fit"):
            make()
    with pytest.raises(ValueError, match="not fit"):
        trunk_lines([("a", evil)])


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("_[0-9]1", "_X1"),
        ("_[1-9][2-9]", "_ZN"),
        ("_[31-2]5.", "_[1-3]5."),
        ("_[12][5]", "_[12][5]"),
        ("_4[7-9024]!", "_4[0247-9]!"),
        ("_49XX", "_49XX"),
        ("112", "112"),
    ],
)
def test_a_pattern_has_one_way_of_writing(typed: str, written: str) -> None:
    pattern = parse_pattern(typed)
    assert canonical(pattern).text == written
    assert precedence(canonical(pattern)) == precedence(pattern)
    assert parse_pattern(written).text == written
