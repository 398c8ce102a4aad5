"""What Asterisk is told so that an agent is a member of the right queues, and of no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.mirror.queue_member import Member
from pbxbridge.services.call_centre.placement import (
    Action,
    arriving,
    departures,
    forgotten,
    moves,
    remembered,
)
from tests.rig.queue_events import member

HERE, THERE = "PJSIP/1001", "PJSIP/1002"


def at(queue: str, extension: str = "1001", *, penalty: int = 0, reason: str = "") -> Member:
    """Return the agent's membership; with a reason it is paused."""
    made = member("101", extension, queue=queue, paused=bool(reason), reason=reason)
    return replace(made, penalty=penalty)


def short(actions: Iterable[Action]) -> list[tuple[str, ...]]:
    """Return the actions without what all of a kind have in common."""
    return [
        (
            name,
            *[fields[key] for key in ("Queue", "Interface", "Penalty", "Reason") if key in fields],
        )
        for name, fields in actions
    ]


def test_who_logs_in_is_added_to_each_queue_in_full() -> None:
    assert moves("101", HERE, {"sales": 3}, []) == [
        Action(
            "QueueAdd",
            {
                "Queue": "sales",
                "Interface": HERE,
                "StateInterface": HERE,
                "MemberName": "Agent/101",
                "Penalty": "3",
            },
        )
    ]


def test_who_is_where_they_should_be_stays() -> None:
    assert (
        moves("101", HERE, {"sales": 0, "support": 2}, [at("sales"), at("support", penalty=2)])
        == []
    )


def test_queues_come_and_go_and_penalties_change() -> None:
    actions = moves("101", HERE, {"sales": 4, "new": 1}, [at("sales"), at("old")])
    assert short(actions) == [
        ("QueueRemove", "old", HERE),
        ("QueuePenalty", "sales", HERE, "4"),
        ("QueueAdd", "new", HERE, "1"),
    ]


def test_who_moves_to_another_phone_leaves_the_first_one_before() -> None:
    actions = moves("101", THERE, {"sales": 0}, [at("sales"), at("support")])
    assert short(actions) == [
        ("QueueRemove", "sales", HERE),
        ("QueueRemove", "support", HERE),
        ("QueueAdd", "sales", THERE, "0"),
    ]


def test_who_is_paused_joins_another_queue_paused_for_the_same_reason() -> None:
    (added,) = moves("101", HERE, {"sales": 0, "new": 0}, [at("sales", reason="Lunch")])
    assert (added.fields["Queue"], added.fields["Paused"], added.fields["Reason"]) == (
        "new",
        "true",
        "Lunch",
    )


def test_who_is_paused_in_one_queue_only_joins_another_ready() -> None:
    present = [at("sales", reason="Lunch"), at("support")]
    (added,) = moves("101", HERE, {"sales": 0, "support": 0, "new": 0}, present)
    assert "Paused" not in added.fields


def test_static_members_do_not_depart() -> None:
    present = [at("sales"), member("", "1001", queue="support")]
    assert short(departures(present)) == [("QueueRemove", "sales", HERE)]


def test_who_is_logged_in_where_is_remembered_and_forgotten_under_the_same_keys() -> None:
    kept = [arriving("101", 1_700_000_000.9), *remembered("101", HERE)]
    assert {fields["Key"]: fields["Val"] for _, fields in kept} == {
        "since/101": "1700000000",
        "agent/101": HERE,
        "device/PJSIP/1001": "101",
    }
    assert {(name, fields["Family"]) for name, fields in kept} == {("DBPut", "pbxbridge")}
    gone = [(name, fields["Family"], fields["Key"]) for name, fields in forgotten("101", HERE)]
    assert set(gone) == {("DBDel", "pbxbridge", fields["Key"]) for _, fields in kept}
    assert [action.fields["Key"] for action in forgotten("", HERE)] == ["device/PJSIP/1001"]
    assert [action.fields["Key"] for action in forgotten("101", "")] == ["agent/101", "since/101"]


NAMES = st.sampled_from(["a", "b", "c", "d"])
PRESENT = st.dictionaries(st.tuples(NAMES, st.sampled_from(["1001", "1002"])), st.integers(0, 20))


@given(wanted=st.dictionaries(NAMES, st.integers(0, 20)), present=PRESENT)
def test_whatever_was_the_end_is_what_is_wanted(
    wanted: dict[str, int], present: dict[tuple[str, str], int]
) -> None:
    before = [at(queue, phone, penalty=penalty) for (queue, phone), penalty in present.items()]
    now = {(each.queue, each.interface): each.penalty for each in before}
    for name, fields in moves("101", HERE, wanted, before):
        key = fields["Queue"], fields["Interface"]
        if name == "QueueRemove":
            del now[key]
        else:
            assert (key in now) == (name == "QueuePenalty")
            now[key] = int(fields["Penalty"])
    assert now == {(queue, HERE): penalty for queue, penalty in wanted.items()}
