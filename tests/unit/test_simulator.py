"""May a class of service dial a number? tests/asterisk asks a real Asterisk the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import pytest

from dialplan.class_of_service import ClassOfService, Hours, class_of_service_lines, deciding
from dialplan.pattern import parse_pattern
from dialplan.route import Route
from dialplan.simulator import Answer, Ruling, Simulator
from pbxbridge.services.calling.answer_words import answer_in_words, hours_in_words

NOON_ON_MONDAY = datetime(2026, 1, 5, 12)
SUNDAY = datetime(2026, 1, 4, 12)


def route(name: str, pattern: str, *, emergency: bool = False) -> Route:
    return Route(name, parse_pattern(pattern), 1, "49", ("a", "b"), emergency)


NATIONAL = route("national", "0.")
PREMIUM = route("premium", "0900.")
WORLD = route("world", "00.")
EMERGENCY = route("sos", "112", emergency=True)
ROUTES = [NATIONAL, PREMIUM, WORLD, EMERGENCY, route("ten", "1XXX")]
WEEK = Hours(("mon", "tue", "wed", "thu", "fri"), time(8), time(18))
STAFF = ClassOfService("staff", frozenset({"national", "ten"}))
CLASSES = {
    "staff": STAFF,
    "week": replace(STAFF, name="week", hours=WEEK),
    "pin": replace(STAFF, name="pin", pin_hash="00000000." + "0" * 32),
    "week-pin": replace(STAFF, name="week-pin", hours=WEEK, pin_hash="00000000." + "0" * 32),
    "none": ClassOfService("none"),
}


def ask(name: str, number: str, at: datetime = NOON_ON_MONDAY) -> Answer:
    return Simulator(CLASSES, ROUTES, {"1001"}.__contains__).ask(name, number, at)


@pytest.mark.parametrize(
    ("name", "number", "ruling", "by"),
    [
        ("staff", "030123", Ruling.ROUTE, "national"),
        ("staff", "0900123", Ruling.FORBIDDEN, "premium"),
        ("staff", "0090", Ruling.FORBIDDEN, "world"),
        ("staff", "1001", Ruling.EXTENSION, None),
        ("staff", "1002", Ruling.ROUTE, "ten"),
        ("staff", "*97", Ruling.FEATURE, None),
        ("staff", "112", Ruling.EMERGENCY, "sos"),
        ("staff", "7", Ruling.NOTHING, None),
        ("none", "030123", Ruling.FORBIDDEN, "national"),
        ("none", "112", Ruling.EMERGENCY, "sos"),
        ("none", "1001", Ruling.EXTENSION, None),
    ],
)
def test_the_best_match_of_all_routes_decides_after_what_everybody_may(
    name: str, number: str, ruling: Ruling, by: str | None
) -> None:
    answer = ask(name, number)
    assert (answer.ruling, answer.route and answer.route.name) == (ruling, by)


@pytest.mark.parametrize(
    ("name", "number", "at", "ruling"),
    [
        ("week", "030123", NOON_ON_MONDAY, Ruling.ROUTE),
        ("week", "030123", SUNDAY, Ruling.OUT_OF_HOURS),
        ("week", "030123", datetime(2026, 1, 5, 8), Ruling.ROUTE),
        ("week", "030123", datetime(2026, 1, 5, 17, 59, 59), Ruling.ROUTE),
        ("week", "030123", datetime(2026, 1, 5, 18), Ruling.OUT_OF_HOURS),
        # What is never allowed is not a matter of the hour.
        ("week", "0900123", SUNDAY, Ruling.FORBIDDEN),
        ("week", "112", SUNDAY, Ruling.EMERGENCY),
        ("week", "1001", SUNDAY, Ruling.EXTENSION),
        ("week", "*97", SUNDAY, Ruling.FEATURE),
        ("week", "7", SUNDAY, Ruling.NOTHING),
    ],
)
def test_hours_are_for_routes_only(name: str, number: str, at: datetime, ruling: Ruling) -> None:
    assert ask(name, number, at).ruling == ruling


def test_out_of_hours_asterisk_finds_no_route_at_all() -> None:
    assert ask("week", "0900123").is_found
    assert not ask("week", "0900123", SUNDAY).is_found
    assert not ask("week", "030123", SUNDAY).is_found
    assert not ask("week", "7").is_found


def test_only_allowed_routes_ask_for_the_pin_and_they_are_known_to_when_it_is_closed() -> None:
    assert ask("pin", "030123").asks_pin
    assert ask("week-pin", "030123", SUNDAY).asks_pin
    assert not ask("pin", "0900123").asks_pin
    assert not ask("pin", "112").asks_pin


def test_of_two_routes_with_one_pattern_the_allowed_one_decides_and_else_the_first() -> None:
    first, second, third = (route(name, "0.") for name in ("first", "second", "third"))
    every = [first, second, third, EMERGENCY]
    for allowed, decides in ((set(), first), ({"second"}, second), ({"second", "third"}, second)):
        wanted = ClassOfService("any", frozenset(allowed))
        assert deciding(wanted, every) == [decides]
        lines = [line for line in class_of_service_lines(wanted, every) if "0." in line.var_val]
        assert [decides.name in line.var_val for line in lines] == [True]
        answer = Simulator({"any": wanted}, every, lambda _: False).ask("any", "01", SUNDAY)
        assert answer.route == decides


def test_an_unknown_class_is_no_class() -> None:
    with pytest.raises(KeyError):
        ask("other", "030123")


@pytest.mark.parametrize(
    ("name", "number", "at", "sentence"),
    [
        (
            "staff",
            "0123",
            NOON_ON_MONDAY,
            "Yes, by route national: trunk a is asked for 49123, then trunk b.",
        ),
        (
            "pin",
            "0123",
            NOON_ON_MONDAY,
            "Yes, after the PIN, by route national: trunk a is asked for 49123, then trunk b.",
        ),
        (
            "none",
            "112",
            SUNDAY,
            "Yes, always, by emergency route sos: trunk a is asked for 4912, then trunk b.",
        ),
        ("staff", "*97", SUNDAY, "Yes: feature code *97, my voicemail."),
        ("staff", "1001", SUNDAY, "Yes: extension 1001."),
        ("staff", "0900123", SUNDAY, "No: route premium (0900.) is not in this class."),
        ("week", "0123", SUNDAY, "Not now: the class's hours are mon-fri 08:00-18:00."),
        ("staff", "7", SUNDAY, "No: nothing matches, default deny."),
    ],
)
def test_every_answer_has_words(name: str, number: str, at: datetime, sentence: str) -> None:
    answer = ask(name, number, at)
    assert answer_in_words(answer, number, CLASSES[name].hours, "extension 1001") == sentence


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("mon tue wed thu fri", "mon-fri"),
        ("mon tue", "mon, tue"),
        ("mon wed thu fri sun", "mon, wed-fri, sun"),
        ("sun", "sun"),
    ],
)
def test_days_in_a_row_are_a_range(days: str, words: str) -> None:
    hours = Hours(tuple(days.split()), time(8), time(9, 30))
    assert hours_in_words(hours) == f"{words} 08:00-09:30"
