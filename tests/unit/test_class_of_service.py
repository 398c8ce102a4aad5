"""The lines of a class of service, and the feature codes that every class includes."""

from __future__ import annotations

import re
from datetime import datetime, time
from pathlib import Path

import pytest

from dialplan.class_of_service import ClassOfService, Hours, class_of_service_lines
from dialplan.feature_codes import FEATURE_CODES
from dialplan.pattern import Pattern
from dialplan.pin import pin_hash
from dialplan.route import Route

EXTENSIONS_CONF = Path(__file__).parents[2] / "dialplan" / "extensions.conf"


def route(name: str, pattern: str, *, emergency: bool = False) -> Route:
    return Route(name, Pattern(pattern), 0, "", ("carrier",), emergency)


def said(wanted: ClassOfService, *routes: Route) -> list[tuple[str, str, str]]:
    return [
        (one.category, one.var_name, one.var_val) for one in class_of_service_lines(wanted, routes)
    ]


def test_feature_codes_are_those_of_the_dialplan() -> None:
    text = EXTENSIONS_CONF.read_text(encoding="utf-8")
    section = text.partition("\n[features]")[2].partition("\n[")[0]
    codes = re.findall(r"^exten => ([^,]+),1,", section, re.MULTILINE)
    assert sorted(code.pattern.text for code in FEATURE_CODES) == sorted(codes)


def test_without_routes_it_is_extensions_and_feature_codes() -> None:
    assert said(ClassOfService("internal")) == [
        ("cos-internal", "include", "features"),
        ("cos-internal", "include", "extensions"),
    ]


def test_emergency_routes_come_first_and_routes_last() -> None:
    wanted = ClassOfService("a", frozenset({"national"}))
    routes = (route("national", "_0Z."), route("premium", "_0900."))
    found = said(wanted, route("emergency", "112", emergency=True), *routes)
    assert found == [
        ("cos-a", "exten", "112,1,Gosub(sub-route,s,1(emergency,0,,carrier,emergency))"),
        ("cos-a", "include", "features"),
        ("cos-a", "include", "extensions"),
        ("cos-a", "include", "routes-a"),
        ("routes-a", "exten", "_0Z.,1,Gosub(sub-route,s,1(national,0,,carrier))"),
        ("routes-a", "exten", "_0900.,1,Gosub(sub-refuse,s,1(premium))"),
    ]


def test_of_one_pattern_the_route_that_is_allowed_has_the_line() -> None:
    wanted = ClassOfService("a", frozenset({"second"}))
    found = said(wanted, route("first", "_X1"), route("second", "_[0-9]1"))
    assert [line for name, _, line in found if name == "routes-a"] == [
        "_[0-9]1,1,Gosub(sub-route,s,1(second,0,,carrier))"
    ]


def test_the_last_minute_of_an_include_is_taken_in() -> None:
    hours = Hours(("sat", "sun"), time(8), time(18))
    assert hours.include_at() == "08:00-17:59,sat&sun,*,*"
    assert [
        hours.hold(datetime(2026, 1, 3, *at)) for at in ((7, 59), (8, 0), (17, 59), (18, 0))
    ] == [*(False, True, True, False)]
    assert not hours.hold(datetime(2026, 1, 5, 12))


def test_of_a_pin_only_the_hash_gets_there() -> None:
    wanted = ClassOfService("a", frozenset({"x"}), None, pin_hash("4711", "0123abcd"))
    lines = str(said(wanted, route("x", "_0."), route("e", "112", emergency=True)))
    assert "4711" not in lines
    assert f"carrier,{wanted.pin_hash})" in lines
    with pytest.raises(ValueError, match="not the hash"):
        said(ClassOfService("a", pin_hash="4711"))
