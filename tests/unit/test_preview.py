"""What happens to a call, step by step. tests/asterisk makes the real calls."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

import pytest

from dialplan.call_steps import (
    Cause,
    DeadForward,
    Forwarded,
    GoesOut,
    GroupRings,
    NobodyInGroup,
    NotRegistered,
    Refused,
    Rings,
    RouteRefused,
    Step,
    TwinState,
    Voicemail,
    Waits,
)
from dialplan.class_of_service import DAYS, ClassOfService, Hours
from dialplan.extension_row import CallRules
from dialplan.pattern import parse_pattern
from dialplan.preview import MAX_FORWARDS, Facts, GroupRules, QueueRules, preview
from dialplan.route import Route
from dialplan.simulator import Simulator
from pbxbridge.services.calling.step_words import case_in_words, step_in_words

MONDAY, SUNDAY = datetime(2026, 1, 5, 12), datetime(2026, 1, 4, 12)
OUTSIDE, PREMIUM = "0301234", "0900123"
ROUTES = [
    Route("national", parse_pattern("0."), 1, "49", ("a", "b")),
    Route("premium", parse_pattern("0900."), 0, "", ("a",)),
    Route("sos", parse_pattern("112"), 0, "", ("a",), emergency=True),
]
NATIONAL = frozenset({"national"})
CLASSES = {
    "staff": ClassOfService("staff", NATIONAL),
    "pin": ClassOfService("pin", NATIONAL, pin_hash="00000000." + "0" * 32),
    "week": ClassOfService("week", NATIONAL, Hours(DAYS[:5], time(8), time(18))),
}


def extension(number: str, class_of_service: str = "staff", **rules: object) -> CallRules:
    box = f"{number}@default" if rules.pop("box", False) else ""
    return replace(CallRules(f"PJSIP/{number}", box, 20, class_of_service), **rules)  # type: ignore[arg-type]


def steps(
    number: str,
    extensions: dict[str, CallRules],
    *,
    groups: dict[str, GroupRules] | None = None,
    queues: dict[str, QueueRules] | None = None,
    absent: Iterable[str] = (),
    at: datetime = MONDAY,
) -> tuple[Step, ...]:
    away, there = set(absent), {**extensions, **(groups or {}), **(queues or {})}
    simulator = Simulator(CLASSES, ROUTES, there.__contains__)
    facts = Facts(extensions, groups or {}, simulator, lambda n: n not in away, at, queues or {})
    return preview(number, facts)


def told(path: Iterable[Step]) -> list[str]:
    """The steps in words; what follows from a case is indented."""
    lines = []
    for step in path:
        lines.append(step_in_words(step))
        for case in step.cases if isinstance(step, Rings | GroupRings | Waits) else ():
            lines.append(f"- {case_in_words(case)}:")
            lines += [f"  {line}" for line in told(case.steps)]
    return lines


def test_the_limit_of_forwards_is_that_of_the_dialplan() -> None:
    dialplan = Path(__file__).parents[2] / "dialplan" / "extensions.conf"
    found = re.search(r"^MAX_FORWARDS=(\d+)$", dialplan.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    assert int(found[1]) == MAX_FORWARDS


def test_a_plain_extension_rings_and_then_its_voicemail_answers() -> None:
    assert told(steps("1001", {"1001": extension("1001", box=True)})) == [
        "1001 rings for 20 seconds.",
        "- If it is busy or declines:",
        "  The voicemail of 1001 answers, with the “busy” greeting.",
        "- If nobody answers or its device cannot take the call:",
        "  The voicemail of 1001 answers, with the “unavailable” greeting.",
    ]


def test_without_voicemail_the_caller_is_told_why() -> None:
    assert told(steps("1001", {"1001": extension("1001")})) == [
        "1001 rings for 20 seconds.",
        "- If it is busy or declines:",
        "  The caller is told that 1001 is busy.",
        "- If nobody answers:",
        "  The caller is told that nobody answers at 1001.",
        "- If its device cannot take the call:",
        "  The caller is told that 1001 cannot be reached.",
    ]


def test_a_chain_of_forwards_is_followed_with_who_is_registered() -> None:
    there = {
        "1001": extension("1001", forward_busy="1002", forward_no_answer="voicemail", box=True),
        "1002": extension("1002", forward_unregistered="1003"),
        "1003": extension("1003", do_not_disturb=True, box=True),
    }
    assert told(steps("1001", there, absent=["1002"])) == [
        "1001 rings for 20 seconds.",
        "- If it is busy or declines:",
        "  1001 forwards calls when busy to 1002.",
        "  The device of 1002 is not registered: nothing rings.",
        "  1002 forwards calls while its device is not registered to 1003.",
        "  1003 is not to be disturbed: nothing rings, as if it were busy.",
        "  The voicemail of 1003 answers, with the “busy” greeting.",
        "- If nobody answers or its device cannot take the call:",
        "  The voicemail of 1001 answers, with the “unavailable” greeting.",
    ]


def test_a_virtual_extension_has_nothing_that_rings() -> None:
    assert told(steps("1001", {"1001": extension("1001", device="", box=True)})) == [
        "1001 has no device that could ring.",
        "The voicemail of 1001 answers, with the “unavailable” greeting.",
    ]


def test_a_forward_of_all_calls_goes_out_by_the_forwarders_class() -> None:
    path = steps("1001", {"1001": extension("1001", forward_all=OUTSIDE, box=True)})
    assert told(path) == [
        f"1001 forwards all calls to {OUTSIDE}.",
        "The call goes out by route national: trunk a is asked for 49301234, then trunk b. "
        "If no trunk can take it: the voicemail of 1001 answers, with the “unavailable” greeting.",
    ]
    (_, out) = steps("1001", {"1001": extension("1001", forward_all=OUTSIDE)})
    assert isinstance(out, GoesOut)
    assert out.lost == Refused(OUTSIDE, Cause.NO_CIRCUIT)


@pytest.mark.parametrize(
    ("class_of_service", "target", "asks_pin"), [("staff", PREMIUM, False), ("pin", OUTSIDE, True)]
)
def test_a_forward_that_the_class_may_not_dial_goes_to_the_mailbox(
    class_of_service: str, target: str, asks_pin: bool
) -> None:
    rules = extension("1001", class_of_service, forward_all=target, box=True)
    (_, refused, end) = steps("1001", {"1001": rules})
    assert isinstance(refused, RouteRefused)
    assert refused.asks_pin is asks_pin
    assert isinstance(end, Voicemail)
    (*_, end) = steps("1001", {"1001": replace(rules, mailbox="")})
    assert end == Refused(target, Cause.FORBIDDEN)


@pytest.mark.parametrize(
    ("target", "at", "words"),
    [
        (OUTSIDE, SUNDAY, "cannot dial at this hour."),
        ("1999", MONDAY, "cannot dial."),
        (PREMIUM, SUNDAY, "cannot dial at this hour."),
    ],
)
def test_a_forward_that_leads_nowhere_ends_as_a_device_that_is_not_there(
    target: str, at: datetime, words: str
) -> None:
    rules = extension("1001", "week", forward_all=target)
    (dead, end) = steps("1001", {"1001": rules}, at=at)
    assert isinstance(dead, DeadForward)
    assert step_in_words(dead).endswith(words)
    assert end == Refused("1001", Cause.UNREACHABLE)


def test_who_forwards_to_where_it_fails_has_the_mailbox_and_nobody_before() -> None:
    there = {
        "1001": extension("1001", forward_all="1002", box=True),
        "1002": extension("1002", forward_all=PREMIUM),
    }
    assert steps("1001", there)[-1] == Refused(PREMIUM, Cause.FORBIDDEN)


def test_forwards_end_at_the_limit() -> None:
    chain = {str(n): extension(str(n), forward_all=str(n + 1), box=True) for n in range(1000, 1009)}
    path = steps("1000", chain)
    assert path[:-1] == tuple(s for s in path if isinstance(s, Forwarded))
    assert len(path) == MAX_FORWARDS + 1
    assert path[-1] == Refused("1005", Cause.FORWARDED_TOO_OFTEN)


@pytest.mark.parametrize(
    ("twin", "other", "absent", "state"),
    [
        ("1002", {}, "", TwinState.RINGS_INSIDE),
        ("1002", {}, "1002", TwinState.NOT_REGISTERED),
        ("1002", {"do_not_disturb": True}, "", TwinState.BUSY),
        ("1002", {"device": ""}, "", TwinState.BUSY),
        ("1002", {"forward_all": "1003"}, "", TwinState.RINGS_INSIDE),
        (OUTSIDE, {}, "", TwinState.RINGS_OUTSIDE),
        (PREMIUM, {}, "", TwinState.FORBIDDEN),
        ("1999", {}, "", TwinState.UNKNOWN_NUMBER),
        ("1100", {}, "", TwinState.RINGS_INSIDE),
        ("1100", {}, "1002", TwinState.NOBODY),
    ],
)
def test_a_twin_rings_too_if_it_can(
    twin: str, other: dict[str, object], absent: str, state: TwinState
) -> None:
    there = {"1001": extension("1001", twin=twin), "1002": extension("1002", "staff", **other)}
    groups = {"1100": GroupRules(("1002",), 20, "")}
    (rings,) = steps("1001", there, groups=groups, absent=[absent])
    assert isinstance(rings, Rings)
    assert rings.twin_state is state
    alone = steps("1001", there, groups=groups, absent=[absent, "1001"])
    assert isinstance(alone[0], Rings if state.rings else NotRegistered)


def test_the_words_tell_what_the_twin_does() -> None:
    there = {"1001": extension("1001", twin=OUTSIDE), "1002": extension("1002", twin="1001")}
    assert told(steps("1001", there))[0] == (
        f"1001 rings for 20 seconds, and so does its twin {OUTSIDE}, which has to press 1."
    )
    assert told(steps("1001", there, absent=["1001"]))[0] == (
        "The device of 1001 is not registered: "
        f"its twin {OUTSIDE}, which has to press 1, rings alone, for 20 seconds."
    )
    assert told(steps("1002", there, absent=["1001"]))[0] == (
        "1002 rings for 20 seconds. Its twin 1001 does not ring: not registered either."
    )


def test_of_a_group_ring_those_who_are_there_and_then_its_fallback() -> None:
    there = {number: extension(number, box=True) for number in ("1001", "1002", "1003")}
    groups = {"1100": GroupRules(("1001", "1002"), 15, "1003"), "1101": GroupRules((), 15, "")}
    (rings,) = steps("1100", there, groups=groups, absent=["1002"])
    assert isinstance(rings, GroupRings)
    assert (rings.members, rings.absent) == (("1001",), ("1002",))
    assert told([rings])[:4] == [
        "Of group 1100 rings 1001, for 15 seconds. Not registered: 1002.",
        "- If nobody takes the call:",
        "  What nobody of group 1100 answers goes to 1003.",
        "  1003 rings for 20 seconds.",
    ]
    empty = steps("1101", there, groups=groups)
    assert empty == (NobodyInGroup("1101"), Refused("1101", Cause.NO_ANSWER))


def test_who_waits_in_a_queue_too_long_goes_to_its_fallback() -> None:
    there = {
        "1001": extension("1001", box=True),
        "1002": extension("1002", forward_all="600"),
        "1003": extension("1003", twin="601"),
    }
    queues = {"600": QueueRules("sales", 60, "1001"), "601": QueueRules("support", 0, "")}
    forwarded, waits = steps("1002", there, queues=queues)
    assert isinstance(forwarded, Forwarded)
    assert told([waits])[:4] == [
        "The caller waits in queue sales until somebody is free, for at most 60 seconds.",
        "- If the caller has waited too long, or cannot wait:",
        "  Queue sales sends the call on to 1001.",
        "  1001 rings for 20 seconds.",
    ]
    assert told(steps("601", there, queues=queues)) == [
        "The caller waits in queue support until somebody is free.",
        "- If the caller has waited too long, or cannot wait:",
        "  The caller is told that nobody answers at 601.",
    ]
    # Nobody waits in a queue as a twin.
    (rings,) = steps("1003", there, queues=queues)
    assert isinstance(rings, Rings)
    assert rings.twin_state is TwinState.NOBODY


def test_an_extension_that_is_not_there_has_no_preview() -> None:
    with pytest.raises(KeyError):
        steps("1001", {})
