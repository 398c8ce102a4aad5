"""Dialplan patterns: what may be typed, what matches, which one Asterisk takes, what overlaps."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialplan.pattern import DIALLED, Pattern, matches, overlap, parse_pattern, precedence, swallows

ELEMENTS = st.one_of(
    st.sampled_from("019*#XZN"),
    st.sampled_from(["[0-9]", "[1]", "[0-2]", "[013]", "[024-9]", "[5-9]"]),
)
PATTERNS = st.builds(
    lambda start, elements, end: parse_pattern(start + "".join(elements) + end),
    st.sampled_from(["", "", "+"]),
    st.lists(ELEMENTS, min_size=1, max_size=5),
    st.sampled_from(["", ".", "!"]),
)
NUMBERS = st.text(DIALLED, min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("112", "112"),
        ("_112", "112"),
        ("+49", "+49"),
        ("*43", "*43"),
        ("#1", "#1"),
        ("00.", "_00."),
        ("_00.", "_00."),
        ("  _0zxn! ", "_0ZXN!"),
        ("[1-5]", "_[1-5]"),
        ("_[0247-9]X", "_[0247-9]X"),
        ("+.", "_+."),
        ("1" * 40, "1" * 40),
        ("X" * 39, "_" + "X" * 39),
    ],
)
def test_what_an_administrator_types_is_written_as_asterisk_does(typed: str, text: str) -> None:
    assert parse_pattern(typed) == Pattern(text)
    assert parse_pattern(text) == Pattern(text)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter a number or a pattern"),
        (" _ ", "Enter a number or a pattern"),
        (".", "would match everything"),
        ("_!", "would match everything"),
        ("0.1", "very end"),
        ("0!.", "very end"),
        ("0..", "very end"),
        ("0+", "very start"),
        ("++1", "very start"),
        ("[]1", "may not be empty"),
        ("[5-1]", "from a lower to a higher"),
        ("[1-13-3]", "from a lower to a higher"),
        ("[1-]", "digits and ranges"),
        ("[1-3-5]", "digits and ranges"),
        ("[X]", "digits and ranges"),
        ("[*#]", "digits and ranges"),
        ("[[1]", "digits and ranges"),
        ("[1", "digits and ranges"),
        ("1]", "']' may not stand"),
        ("030-1", "'-' may not stand"),
        ("0 1", "' ' may not stand"),
        ("1\n2", r"'\n' may not stand"),
        ("1,2", "',' may not stand"),
        ("__1", "'_' may not stand"),
        ("1/2", "'/' may not stand"),
        ("${X}", "'$' may not stand"),
        ("\u0661", "may not stand"),
        ("[\u0661]", "digits and ranges"),
        ("1" * 41, "at most 40"),
        ("X" * 40, "at most 40"),
    ],
)
def test_what_is_no_pattern_is_refused_with_one_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_pattern(typed)
    said = str(refused.value)
    assert sentence in said
    assert said.endswith(".")
    assert "\n" not in said


@given(st.text("0159XZNxzn*#+[]-.!_ \n,$a", max_size=12))
def test_whatever_is_typed_is_refused_or_comes_back_the_same(typed: str) -> None:
    try:
        pattern = parse_pattern(typed)
    except ValueError:
        return
    assert parse_pattern(pattern.text) == pattern
    assert not set(pattern.text) & set("\n ,$a")
    assert precedence(pattern) == precedence(pattern)


@pytest.mark.parametrize(
    ("typed", "yes", "no"),
    [
        ("112", ["112", "1-12"], ["11", "1121", "", "+112"]),
        ("00.", ["001", "00*", "00abc", "0-0-1"], ["00", "00-", "0", "01", "_00."]),
        ("1!", ["1", "12", "1-"], ["", "2"]),
        ("X", ["0", "9"], ["*", "#", "+", "10", "a"]),
        ("ZN", ["12", "99"], ["02", "11"]),
        ("[13-5]#", ["1#", "4#"], ["2#", "6#", "1"]),
        ("+X.", ["+49"], ["49", "+4"]),
        ("X.", ["10"], ["s", "h", "i", "t", "1"]),
    ],
)
def test_it_matches_what_asterisk_says(typed: str, yes: list[str], no: list[str]) -> None:
    pattern = parse_pattern(typed)
    assert [number for number in yes if not matches(pattern, number)] == []
    assert [number for number in no if matches(pattern, number)] == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("112", "[1]12"),
        ("[1]12", "11X"),
        ("1.", "1!"),
        ("1!", "X"),
        ("1.", "X12"),
        ("1X!", "1X"),
        ("1X.", "1X!"),
        ("1XX", "1X."),
        ("[1-3]X.", "ZX."),
        ("0[1-3]X.", "0XX."),
        ("N", "Z"),
        ("Z", "X"),
        ("[12]", "[13]"),
        ("[19]", "[23]"),
        ("[129]", "[134]"),
        ("[059]", "[125]"),
        ("*X", "1X"),
        ("#X", "*X"),
    ],
)
def test_the_one_that_asterisk_takes_sorts_first(first: str, second: str) -> None:
    assert precedence(parse_pattern(first)) < precedence(parse_pattern(second))


@pytest.mark.parametrize(
    ("one", "other"),
    [("X1", "[0-9]1"), ("N!", "[2-9]!"), ("Z", "[1-9]"), ("[11]X", "[1]X"), ("[31]", "[13]")],
)
def test_two_ways_to_write_one_extension_are_equal(one: str, other: str) -> None:
    assert precedence(parse_pattern(one)) == precedence(parse_pattern(other))
    assert parse_pattern(one) != parse_pattern(other)


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        ("112", "112", "112"),
        ("112", "X.", "112"),
        ("1.", "X", None),
        ("1!", "X", "1"),
        ("00.", "0!", "000"),
        ("X.", "N.", "20"),
        ("*!", "*4X", "*40"),
        ("[1-3]", "[4-6]", None),
        ("1.", "1*.", "1*0"),
        ("+.", "00.", None),
        ("XXX", "XX", None),
    ],
)
def test_the_shortest_number_that_both_match(one: str, other: str, number: str | None) -> None:
    first, second = parse_pattern(one), parse_pattern(other)
    assert overlap(first, second) == overlap(second, first) == number


@given(PATTERNS, PATTERNS, NUMBERS)
@example(parse_pattern("1!"), parse_pattern("X1."), "11*")
def test_overlap_agrees_with_matches(one: Pattern, other: Pattern, number: str) -> None:
    shared = overlap(one, other)
    both = matches(one, number) and matches(other, number)
    if shared is None:
        assert not both
    else:
        assert matches(one, shared)
        assert matches(other, shared)
        assert not both or len(number) >= len(shared)


@given(PATTERNS, PATTERNS, NUMBERS)
def test_equal_precedence_means_the_same_numbers(one: Pattern, other: Pattern, number: str) -> None:
    if precedence(one) == precedence(other):
        assert matches(one, number) == matches(other, number)


@pytest.mark.parametrize(
    ("other", "emergency", "number"),
    [
        ("1.", "112", None),
        ("1[1]2", "112", None),
        ("112", "112", "112"),
        ("112", "11[02]", "112"),
        ("1.", "X12", "112"),
        ("11.", "11X", None),
        ("1X!", "1X", "10"),
        ("11X", "11!", "110"),
        ("[0-9]1", "X1", "01"),
        ("2.", "11X", None),
        ("11X", "11[02]", None),
    ],
)
def test_what_takes_an_emergency_call_is_seen(
    other: str, emergency: str, number: str | None
) -> None:
    assert swallows(parse_pattern(other), parse_pattern(emergency)) == number


@given(PATTERNS, PATTERNS)
def test_of_two_that_overlap_one_swallows_the_other(one: Pattern, other: Pattern) -> None:
    swallowed = {swallows(one, other), swallows(other, one)} - {None}
    assert swallowed == {overlap(one, other)} - {None}
