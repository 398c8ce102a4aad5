"""What a device does in its queues, made of what Asterisk tells of each membership."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbxbridge.mirror.queue_member import AgentState, Member, reason_of, state_of

NOW = 1_000_000.0
FREE = Member("sales", "PJSIP/1001", "Agent/101", True, 0, False, "", 1, False, 0)
PAUSED = replace(FREE, paused=True, reason="Lunch")
TALKS = replace(FREE, in_call=True)
WRAPS = replace(FREE, last_call=NOW - 5, wrap_up=10)


def has(status: int, of: Member = FREE) -> Member:
    return replace(of, status=status)


@pytest.mark.parametrize(
    ("memberships", "state"),
    [
        ([], AgentState.LOGGED_OUT),
        ([FREE], AgentState.READY),
        ([has(0)], AgentState.READY),  # unknown: a phone that is not asked
        ([has(2)], AgentState.ON_CALL),
        ([has(3)], AgentState.ON_CALL),
        ([has(7)], AgentState.ON_CALL),  # rings while in use
        ([has(8)], AgentState.ON_CALL),  # on hold
        ([has(6)], AgentState.RINGING),
        ([has(4)], AgentState.UNREACHABLE),
        ([has(5)], AgentState.UNREACHABLE),
        ([PAUSED], AgentState.PAUSED),
        ([TALKS], AgentState.ON_CALL),
        ([replace(TALKS, paused=True)], AgentState.ON_CALL),
        ([has(6, PAUSED)], AgentState.RINGING),
        ([has(5, PAUSED)], AgentState.PAUSED),
        ([WRAPS], AgentState.WRAP_UP),
        ([replace(WRAPS, paused=True)], AgentState.PAUSED),
        ([has(5, WRAPS)], AgentState.UNREACHABLE),
        ([replace(WRAPS, last_call=NOW - 10)], AgentState.READY),  # it has just ended
        ([replace(WRAPS, wrap_up=0)], AgentState.READY),
        ([FREE, TALKS], AgentState.ON_CALL),
        ([FREE, WRAPS], AgentState.WRAP_UP),
        ([FREE, PAUSED], AgentState.READY),
        ([PAUSED, PAUSED], AgentState.PAUSED),
        ([has(5), FREE], AgentState.READY),
    ],
)
def test_the_state_of_a_device_is_of_all_its_queues(
    memberships: list[Member], state: AgentState
) -> None:
    assert state_of(memberships, NOW) is state


def test_as_one_queue_sees_it_its_own_pause_and_wrap_up_count() -> None:
    assert state_of([FREE, PAUSED], NOW, PAUSED) is AgentState.PAUSED
    assert state_of([PAUSED, FREE], NOW, FREE) is AgentState.READY
    assert state_of([FREE, WRAPS], NOW, WRAPS) is AgentState.WRAP_UP
    assert state_of([FREE, WRAPS], NOW, FREE) is AgentState.READY
    assert state_of([FREE, TALKS], NOW, FREE) is AgentState.ON_CALL


def test_the_reason_is_the_first_that_was_said() -> None:
    assert reason_of([FREE, PAUSED]) == "Lunch"
    assert reason_of([FREE, replace(FREE, paused=True)]) == ""
    assert reason_of([]) == ""


@pytest.mark.parametrize(
    ("interface", "name", "agent", "number"),
    [
        ("PJSIP/1001", "Agent/101", "101", "1001"),
        ("IAX2/1002", "Agent/101", "101", "1002"),
        ("PJSIP/1001", "1001", "", "1001"),
        ("DAHDI/3", "1003", "", "1003"),
        ("DAHDI/3", "Agent/101", "101", ""),
        # As others than pbxbridge log somebody in.
        ("Local/1001@extensions", "Somebody", "", "1001"),
        ("Local/1001@from-queue/n", "Agent/101", "101", "1001"),
        ("SIP/1001", "Somebody", "", "Somebody"),
    ],
)
def test_agent_and_extension_are_told_by_name_and_device(
    interface: str, name: str, agent: str, number: str
) -> None:
    member = replace(FREE, interface=interface, name=name)
    assert (member.agent, member.number) == (agent, number)


def test_of_a_member_who_is_called_otherwise_the_watched_device_has_the_number() -> None:
    member = replace(FREE, interface="Local/s@twins", watched="PJSIP/1001")
    assert member.number == "1001"
    assert replace(FREE, interface="PJSIP/1001", watched="hint:1001@hints").number == "1001"
