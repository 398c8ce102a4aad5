"""What a queue link would tell the board."""

from __future__ import annotations

from pbxbridge.mirror.queue_column import Caller
from pbxbridge.mirror.queue_member import Member

FREE, IN_USE, UNAVAILABLE, RINGING = 1, 2, 5, 6


def member(
    agent: str,
    extension: str,
    *,
    queue: str = "sales",
    status: int = FREE,
    paused: bool = False,
    reason: str = "",
) -> Member:
    """Return an agent who is logged in at an extension, or without one a static member."""
    return Member(
        queue=queue,
        interface=f"PJSIP/{extension}",
        name=f"Agent/{agent}" if agent else extension,
        dynamic=bool(agent),
        penalty=0,
        paused=paused,
        reason=reason,
        status=status,
        in_call=False,
        last_call=0,
    )


def caller(id_: str, since: float, *, queue: str = "sales") -> Caller:
    """Return somebody who waits since a Unix time."""
    return Caller(queue, id_, "0301234", "Somebody", since)
