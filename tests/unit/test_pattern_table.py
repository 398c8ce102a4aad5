"""Many patterns at once: the table answers as the patterns one by one do."""

import time
from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.pattern import Pattern, matches, parse_pattern, precedence
from dialplan.pattern_table import PatternTable
from tests.unit.test_dialplan_pattern import NUMBERS, PATTERNS


def table(*typed: str) -> PatternTable[str]:
    return PatternTable((parse_pattern(text), text) for text in typed)


@pytest.mark.parametrize(
    ("typed", "number", "taken"),
    [
        (["X.", "11!", "112"], "112", "112"),
        (["X.", "11!", "112"], "1123", "11!"),
        (["X.", "11!", "112"], "12", "X."),
        (["X.", "11!", "112"], "1", None),
        (["X12", "1."], "112", "1."),
        (["1X", "1X!"], "12", "1X!"),
        (["[0-9]1", "X1"], "11", "[0-9]1"),
        (["X1", "[0-9]1"], "11", "X1"),
        (["112"], "911", None),
        ([], "1", None),
        ([], "", None),
    ],
)
def test_the_one_that_asterisk_takes_is_found(
    typed: list[str], number: str, taken: str | None
) -> None:
    assert table(*typed).find(number) == taken


@pytest.mark.parametrize("number", ["", "1a", "1-2", "1 ", "12\n", "_1!", "1\u0661", "s"])
def test_what_the_dialplan_refuses_is_never_found(number: str) -> None:
    assert table("1!", "1.", "12", "X.").find(number) is None


def test_a_value_that_is_false_is_found_all_the_same() -> None:
    zero = PatternTable([(parse_pattern("1"), 0), (parse_pattern("2X"), 0)])
    assert (zero.find("1"), zero.find("21"), zero.find("3")) == (0, 0, None)


@given(st.lists(PATTERNS, max_size=8), NUMBERS)
def test_it_is_the_first_by_precedence_of_those_that_match(
    patterns: list[Pattern], number: str
) -> None:
    matching = [pattern for pattern in patterns if matches(pattern, number)]
    expected = min(matching, key=precedence, default=None)
    assert PatternTable((pattern, pattern) for pattern in patterns).find(number) == expected


def slow_ones() -> list[Pattern]:
    """500 patterns, all of which a number of digits from 2 passes up to the end."""
    starts = islice(product("XZN", repeat=6), 500)
    return [parse_pattern("".join(start) + "[2-9]*.") for start in starts]


def country_codes() -> list[Pattern]:
    """500 patterns as an administrator would have them."""
    return [parse_pattern(f"00{code}.") for code in range(100, 600)]


@pytest.mark.parametrize(
    ("patterns", "number"),
    [(slow_ones(), "9876543298"), (country_codes(), "0059912345"), (country_codes(), "0060012345")],
    ids=["slow", "last", "none"],
)
def test_500_patterns_answer_in_no_time(patterns: list[Pattern], number: str) -> None:
    """The aim is 40,000 a second; a quarter of it here, as the machine may be busy."""
    many = PatternTable((pattern, pattern) for pattern in patterns)
    started = time.process_time()
    for _ in range(2000):
        many.find(number)
    pace = 2000 / (time.process_time() - started)
    assert pace > 10_000, f"{pace:.0f} a second"
