"""What Asterisk must be told so that an agent is a member of the right queues: pure, no I/O.

Who is logged in where lies in Asterisk's own database, too, for the dialplan (extensions.conf,
agent-login); whatever logs somebody in or out keeps both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pbxbridge.mirror.queue_member import AGENT, Member

FAMILY = "pbxbridge"
# Under this and the agent's number lies when they logged in, in Unix time.
ARRIVAL = "since"


class Action(NamedTuple):
    """An AMI action with its fields."""

    name: str
    fields: Mapping[str, str]


def moves(
    agent: str, device: str, wanted: Mapping[str, int], present: Sequence[Member]
) -> list[Action]:
    """Return what makes an agent a member of these queues, at this device and no other.

    ``wanted`` are penalties by queue, ``present`` the agent's memberships on the node. Whoever is
    paused joins another queue paused, too.
    """
    kept = {each.queue: each for each in present if each.interface == device}
    actions = [
        _remove(each) for each in present if each.interface != device or each.queue not in wanted
    ]
    paused = bool(kept) and all(each.paused for each in kept.values())
    reason = next((each.reason for each in kept.values() if each.reason), "")
    for queue, penalty in wanted.items():
        if queue not in kept:
            actions.append(_add(agent, device, queue, penalty, reason if paused else None))
        elif kept[queue].penalty != penalty:
            actions.append(
                Action(
                    "QueuePenalty",
                    {"Queue": queue, "Interface": device, "Penalty": str(penalty)},
                )
            )
    return actions


def departures(present: Sequence[Member]) -> list[Action]:
    """Return what ends these memberships, but for those of rows in queue_members."""
    return [_remove(each) for each in present if each.dynamic]


def arriving(agent: str, now: float) -> Action:
    """Return what has Asterisk remember when an agent logged in, before they are seen there."""
    key = f"{ARRIVAL}/{agent}"
    return Action("DBPut", {"Family": FAMILY, "Key": key, "Val": str(int(now))})


def remembered(agent: str, device: str) -> list[Action]:
    """Return what has Asterisk remember who is logged in where."""
    return [
        Action("DBPut", {"Family": FAMILY, "Key": f"agent/{agent}", "Val": device}),
        Action("DBPut", {"Family": FAMILY, "Key": f"device/{device}", "Val": agent}),
    ]


def forgotten(agent: str, device: str) -> Iterator[Action]:
    """Yield what has Asterisk forget it; either may be empty, if it is not known."""
    keys = [f"agent/{agent}", f"{ARRIVAL}/{agent}"] if agent else []
    for key in [*keys, f"device/{device}"] if device else keys:
        yield Action("DBDel", {"Family": FAMILY, "Key": key})


def leaving(agent: str, present: Sequence[Member]) -> list[Action]:
    """Return what logs an agent out of a node, whose memberships there these are."""
    devices = sorted({each.interface for each in present})
    gone = [each for device in devices for each in forgotten(agent, device)]
    return [*departures(present), *gone]


def _add(agent: str, device: str, queue: str, penalty: int, reason: str | None) -> Action:
    fields = {
        "Queue": queue,
        "Interface": device,
        "StateInterface": device,
        "MemberName": f"{AGENT}{agent}",
        "Penalty": str(penalty),
    }
    if reason is not None:
        fields |= {"Paused": "true", "Reason": reason}
    return Action("QueueAdd", fields)


def _remove(member: Member) -> Action:
    return Action("QueueRemove", {"Queue": member.queue, "Interface": member.interface})
