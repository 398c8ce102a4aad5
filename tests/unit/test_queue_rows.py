"""Queues and agents as rows of the dialplan: in rows that fit, with nothing that means more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.extension_row import APPDATA_LENGTH
from dialplan.pin import is_pin_hash, pin_hash
from dialplan.queue_rows import agent_rows, device_row, queue_row, reason_rows

HASH = pin_hash("4711", "0123abcd")
QUEUES = st.dictionaries(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?", fullmatch=True),
    st.integers(0, 20),
    max_size=60,
)
EVIL = ["${X}", "a,b", "a)", "a b", "a|b", 'a"', "a\r\n", "a;b", "a:b", "ä"]


@pytest.mark.parametrize(
    ("max_wait", "fallback", "has_music", "said"),
    [
        (0, "", True, "sales"),
        (300, "", True, "sales,300"),
        (0, "1001", True, "sales,,1001"),
        (300, "1001", False, "sales,300,1001,r"),
        (0, "", False, "sales,,,r"),
    ],
)
def test_a_queues_row_says_what_is_wanted_and_nothing_else(
    max_wait: int, fallback: str, has_music: bool, said: str
) -> None:
    row = queue_row("600", "sales", max_wait, fallback, has_music=has_music)
    assert (row.context, row.exten, row.priority, row.app) == ("extensions", "600", 1, "Gosub")
    assert row.appdata == f"sub-queue,s,1({said})"


def test_the_longest_queue_fits_into_its_row() -> None:
    row = queue_row("1" * 20, "q" * 30, 86400, "2" * 20, has_music=False)
    assert len(row.appdata) <= APPDATA_LENGTH


def test_an_agent_is_told_the_queues_and_the_pin_in_this_order() -> None:
    rows = agent_rows("101", HASH, {"sales": 0, "support": 5})
    assert [(row.context, row.exten, row.priority, row.app, row.appdata) for row in rows] == [
        ("agents", "101", 1, "Gosub", "sub-agent-queues,s,1(sales:0&support:5)"),
        ("agents", "101", 2, "Return", HASH),
    ]


def test_an_agent_without_queues_has_a_pin_all_the_same() -> None:
    assert [row.appdata for row in agent_rows("101", HASH, {})] == [HASH]


@given(QUEUES)
def test_every_queue_is_in_one_row_in_order(queues: dict[str, int]) -> None:
    *told, last = agent_rows("101", HASH, queues)
    assert last.appdata == HASH
    assert [row.priority for row in (*told, last)] == list(range(1, len(told) + 2))
    assert all(len(row.appdata) <= APPDATA_LENGTH for row in told)
    portions = [row.appdata.removeprefix("sub-agent-queues,s,1(").removesuffix(")") for row in told]
    found = [word.split(":") for portion in portions for word in portion.split("&")]
    assert [(name, int(penalty)) for name, penalty in found] == list(queues.items())


def test_more_queues_than_fit_into_a_row_take_as_few_rows_as_can_be() -> None:
    queues = {f"{number:030}": 20 for number in range(20)}
    rows = agent_rows("101", HASH, queues)
    # 34 characters each, and 234 for them.
    assert [row.appdata.count(":") for row in rows] == [6, 6, 6, 2, 0]


@pytest.mark.parametrize("evil", EVIL)
def test_what_could_mean_something_to_the_dialplan_is_refused(evil: str) -> None:
    for number, name, fallback in ((evil, "q", ""), ("6", evil, ""), ("6", "q", evil)):
        with pytest.raises(ValueError, match="not fit"):
            queue_row(number, name, 0, fallback, has_music=True)
    for number, queue in ((evil, "q"), ("101", evil)):
        with pytest.raises(ValueError, match="not fit"):
            agent_rows(number, HASH, {queue: 0})
    with pytest.raises(ValueError, match="not fit"):
        device_row(evil)


@pytest.mark.parametrize(
    "evil", ["", "4711", f"{HASH})", HASH.upper(), f"${{{HASH}}}", f"{HASH}\n"]
)
def test_no_pin_but_a_hash_gets_into_a_row(evil: str) -> None:
    with pytest.raises(ValueError, match="hash"):
        agent_rows("101", evil, {})


def test_a_pins_hash_depends_on_its_salt_and_does_not_show_it() -> None:
    # printf 0123abcd4711 | md5sum
    assert HASH == "0123abcd.95fbde955fefd16db8b4b35c90a42d91"
    assert is_pin_hash(HASH)
    assert pin_hash("4711", "0123abce") != HASH


def test_a_phone_where_agents_may_log_in_is_a_row_of_its_number() -> None:
    row = device_row("1001")
    assert (row.context, row.exten, row.priority, row.app) == ("agent-devices", "1001", 1, "NoOp")


def test_reasons_are_dialled_from_one_on() -> None:
    rows = reason_rows(["Lunch", "Back-office work", "Büro_2"])
    assert [(row.exten, row.app, row.appdata) for row in rows] == [
        ("1", "Return", "Lunch"),
        ("2", "Return", "Back-office work"),
        ("3", "Return", "Büro_2"),
    ]


@pytest.mark.parametrize("evil", ["${X}", "a,b", "a)", "a|b", 'a"', "a\n", "a\t", "a;b"])
def test_a_reason_that_could_mean_something_to_the_dialplan_is_refused(evil: str) -> None:
    with pytest.raises(ValueError, match="not fit"):
        reason_rows(["Lunch", evil])
