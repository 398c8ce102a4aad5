"""When alerts open and end: one phone down for long, many phones down together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.services.states.alert_rules import Down, Limits, Many, Open, Verdict, judge

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NODE = "asterisk"
LIMITS = Limits(timedelta(minutes=5), 3)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def phones(*seconds: float, node: str = NODE, first: int = 1001) -> list[Down]:
    """Phones that went down so many seconds ago."""
    return [Down(node, str(first + n), ago(one)) for n, one in enumerate(seconds)]


def look(
    down: list[Down], opened: Open | None = None, heard: frozenset[str] = frozenset({NODE})
) -> Verdict:
    return judge(down, opened or Open(), heard, NOW, LIMITS)


def test_a_phone_that_is_down_for_long_is_named() -> None:
    long, short = phones(300, 299)
    assert look([long, short]) == Verdict(single=[long])


def test_a_phone_is_named_once() -> None:
    assert not look(phones(600), Open({(NODE, "1001"): 7}))


def test_an_alert_ends_with_the_phone_back() -> None:
    assert look([], Open({(NODE, "1001"): 7})) == Verdict(ended=[7])


def test_the_same_number_on_another_node_is_another_phone() -> None:
    down = phones(600, node="b")
    verdict = judge(down, Open({(NODE, "1001"): 7}), {NODE, "b"}, NOW, LIMITS)
    assert verdict == Verdict(single=down, ended=[7])


def test_more_than_the_limit_within_a_minute_are_named_as_many_and_once() -> None:
    verdict = look(phones(400, 390, 380, 340))
    assert verdict == Verdict(many=[Many(0, NODE, ago(400), ago(340), 4)])


def test_as_many_as_the_limit_are_named_one_by_one() -> None:
    down = phones(400, 390, 380)
    assert look(down) == Verdict(single=down)


def test_more_than_the_limit_but_not_within_a_minute_are_named_one_by_one() -> None:
    down = phones(420, 390, 380, 359)
    assert look(down) == Verdict(single=down)


def test_many_are_named_before_they_are_down_for_long() -> None:
    assert len(look(phones(4, 3, 2, 1)).many) == 1


def test_those_that_follow_within_a_minute_belong_to_the_many() -> None:
    many = Many(5, NODE, ago(500), ago(440), 4)
    down = phones(500, 490, 450, 440, 385, 330)
    assert look(down, Open(many=[many])) == Verdict(grown=[Many(5, NODE, ago(500), ago(330), 6)])


def test_one_that_goes_down_later_is_named_though_many_are_down() -> None:
    many = Many(5, NODE, ago(900), ago(840), 4)
    down = phones(900, 890, 880, 840, 400)
    assert look(down, Open(many=[many])) == Verdict(single=down[-1:])


def test_the_many_end_when_no_more_than_the_limit_are_left_which_are_named_then() -> None:
    many = Many(5, NODE, ago(400), ago(380), 40)
    down = phones(400, 390, 380)
    assert look(down, Open(many=[many])) == Verdict(single=down, ended=[5])


def test_the_many_of_a_node_of_which_nothing_is_down_end() -> None:
    assert look([], Open(many=[Many(5, "b", ago(400), ago(380), 40)])) == Verdict(ended=[5])


def test_of_a_node_that_is_not_heard_nothing_is_new() -> None:
    assert not look(phones(600, 599, 598, 597, 100), heard=frozenset())


def test_a_trunk_is_named_though_many_phones_are_down() -> None:
    trunk = Down(NODE, "trunk-carrier", ago(400), is_trunk=True)
    verdict = look([*phones(400, 399, 398, 397), trunk])
    assert [many.phones for many in verdict.many] == [4]
    assert verdict.single == [trunk]


def test_what_is_turned_off_is_never_named() -> None:
    down = phones(400, 399, 398, 397)
    assert not judge(down, Open(), {NODE}, NOW, Limits(None, None))
    assert judge(down, Open(), {NODE}, NOW, Limits(None, 3)).many
    assert len(judge(down, Open(), {NODE}, NOW, Limits(timedelta(0), None)).single) == 4


def applied(verdict: Verdict, opened: Open) -> Open:
    """What is open after the verdict."""
    kept = {key: id_ for key, id_ in opened.single.items() if id_ not in verdict.ended}
    grown = {many.id: many for many in verdict.grown}
    many = [grown.get(one.id, one) for one in opened.many if one.id not in verdict.ended]
    single = {(one.node, one.endpoint): 1000 + n for n, one in enumerate(verdict.single)}
    fresh = [one._replace(id=2000 + n) for n, one in enumerate(verdict.many)]
    return Open(kept | single, [*many, *fresh])


DOWN = st.dictionaries(
    st.tuples(st.sampled_from([NODE, "b"]), st.integers(1001, 1030).map(str)),
    st.integers(0, 1000),
).map(lambda found: [Down(*key, ago(seconds)) for key, seconds in found.items()])


@given(DOWN)
def test_who_looks_again_says_nothing_again(down: list[Down]) -> None:
    heard = {NODE, "b"}
    opened = applied(judge(down, Open(), heard, NOW, LIMITS), Open())
    again = judge(down, opened, heard, NOW, LIMITS)
    assert not again.single
    assert not again.many
    assert not again.ended


@given(DOWN, DOWN)
def test_every_phone_that_is_down_for_long_is_named_in_exactly_one_way(
    before: list[Down], down: list[Down]
) -> None:
    heard = {NODE, "b"}
    opened = applied(judge(before, Open(), heard, NOW, LIMITS), Open())
    opened = applied(judge(down, opened, heard, NOW, LIMITS), opened)
    for phone in down:
        spans = [one for one in opened.many if one.node == phone.node]
        counted = any(one.since <= phone.since <= one.until for one in spans)
        is_long = phone.since <= ago(300)
        assert counted or not is_long or (phone.node, phone.endpoint) in opened.single


@given(DOWN)
def test_all_that_is_open_ends_when_all_are_back(down: list[Down]) -> None:
    opened = applied(judge(down, Open(), {NODE, "b"}, NOW, LIMITS), Open())
    verdict = judge([], opened, {NODE, "b"}, NOW, LIMITS)
    left = applied(verdict, opened)
    assert not left.single
    assert not left.many


def test_a_storm_is_one_alert() -> None:
    (many,) = look(phones(*(n / 10_000 for n in range(10_000)))).many
    assert many.phones == 10_000
