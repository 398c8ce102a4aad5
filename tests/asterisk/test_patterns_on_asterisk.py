"""Dialplan patterns against a real Asterisk: it takes whichever pattern we say that it takes.

Asterisk is called, not asked: every number is dialled into every set of patterns, and the extension
that then runs says which one it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dialplan.pattern import DIALLED, Pattern, matches, overlap, parse_pattern, precedence
from dialplan.pattern_table import PatternTable
from tests.rig.dial_oracle import NOBODY, DialOracle

GENERATED_SETS = 400

# What the details of the order hang on; each set is dialled with BY_HAND_NUMBERS.
BY_HAND = [
    ["1!", "1."],
    ["1.", "1!", "1X", "1X!", "[1]2"],
    ["X", "[0-9]"],
    ["[0-9]1", "X1", "[0123456789]1!"],
    ["0XX.", "0[1-3]X."],
    ["X12", "1.", "XX2"],
    ["[1]12", "112", "11[02]"],
    ["[19]X", "[23]X", "[13]X", "[12]X", "[9]X", "ZX", "NX", "XX", "X."],
    ["[125]X", "[059]X", "[034].", "[029]."],
    ["+.", "X.", "00.", "*.", "#!", "*1", "[1]!", "+1X"],
]
BY_HAND_NUMBERS = [
    "1", "2", "9", "01", "11", "12", "19", "23", "91", "112", "110", "012", "0123", "0312", "0412",
    "1123", "+1", "+12", "+", "00", "001", "*", "*1", "*12", "#", "#1", "1*", "1+", "912", "51",
]  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """The patterns of one context, in the order of the file, and what is dialled there."""

    patterns: Sequence[Pattern]
    numbers: Sequence[str]


# Few different ones, so that many patterns match one number.
FIXED = st.sampled_from("0112*#")
CLASS = st.sampled_from("XXZN")
SET = st.builds(
    lambda some, more: f"[{some}{more}]",
    st.text("012459", min_size=1, max_size=4),
    st.sampled_from(["", "0-1", "1-2", "0-9", "1-9", "2-9", "0-5"]),
)


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    """Patterns that compete for the numbers: random ones, and those that two patterns share."""
    patterns = draw(
        st.lists(
            st.builds(
                lambda start, middle, end: parse_pattern(start + "".join(middle) + end),
                st.sampled_from(["", "", "", "", "", "+"]),
                st.lists(FIXED | CLASS | SET, min_size=1, max_size=3),
                st.sampled_from(["", "", ".", "!"]),
            ),
            min_size=4,
            max_size=12,
        )
    )
    shared = {overlap(one, other) for one in patterns for other in patterns} - {None}
    longer = draw(st.text("0129*#", min_size=1, max_size=2))
    random = draw(st.lists(st.text(DIALLED, min_size=1, max_size=5), max_size=6))
    numbers = {number + end for number in shared if number for end in ("", longer)}
    return Trial(patterns, sorted(numbers | {number[:-1] for number in numbers} - {""}) + random)


def generated() -> list[Trial]:
    """The same trials in every run: the one Asterisk takes them all at once."""
    found: list[Trial] = []

    @settings(max_examples=GENERATED_SETS, derandomize=True, database=None, phases=[Phase.generate])
    @given(trials())
    def collect(trial: Trial) -> None:
        found.append(trial)

    collect()
    return found


def contexts(all_trials: Sequence[Trial]) -> Iterator[str]:
    """The dialplan: a context for each trial, whose extensions say which one they are."""
    for place, trial in enumerate(all_trials):
        yield f"[trial-{place}]"
        for which, pattern in enumerate(trial.patterns):
            yield f"exten => {pattern.text},1,Return({which})"


async def test_asterisk_takes_the_pattern_that_we_say(tmp_path: Path, migrated_file: Path) -> None:
    by_hand = [Trial([parse_pattern(text) for text in texts], BY_HAND_NUMBERS) for texts in BY_HAND]
    all_trials = [*by_hand, *generated()]
    questions = [(f"trial-{place}", trial.numbers) for place, trial in enumerate(all_trials)]
    dialplan = list(contexts(all_trials))
    oracle = DialOracle(tmp_path, migrated_file, dialplan=dialplan, questions=questions)
    async with oracle:
        answers = await oracle.dial_all()
    pairs, contested, wrong = 0, 0, []
    for trial, taken in zip(all_trials, answers, strict=True):
        table = PatternTable((pattern, str(n)) for n, pattern in enumerate(trial.patterns))
        for number, by_asterisk in zip(trial.numbers, taken, strict=True):
            matching = [pattern for pattern in trial.patterns if matches(pattern, number)]
            pairs += 1
            contested += len({precedence(pattern) for pattern in matching}) > 1
            by_us = table.find(number) or NOBODY
            first = min(matching, key=precedence, default=None)
            by_precedence = str(trial.patterns.index(first)) if first else NOBODY
            if not by_asterisk == by_us == by_precedence:
                texts = [pattern.text for pattern in trial.patterns]
                wrong.append((texts, number, by_asterisk, by_us, by_precedence))
    print(f"{pairs} pairs, {contested} of them with a choice")
    assert not wrong, f"{len(wrong)} of {pairs} pairs ({contested} with a choice): {wrong[:5]}"
    assert pairs > 5_000, f"{pairs} pairs prove little"
    assert contested > 2_000, f"{contested} of {pairs} pairs had a choice"
