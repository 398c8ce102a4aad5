"""A call in a queue, told from the rows of queue_log that are about it: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pbxbridge.services.call_centre.queue_tally import (
    ABANDONED,
    ATTENDED,
    BLIND,
    COMPLETED,
    CONNECTED,
    ENTERED,
    LogRow,
    seconds,
    talk_time,
)


class Outcome(Enum):
    """What became of a call; the last three say how far it is, or was when Asterisk stopped."""

    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    ABANDONED = "abandoned"
    TOO_LONG = "too-long"
    NOBODY = "nobody"
    BY_KEY = "by-key"
    FAILED = "failed"
    TALKING = "talking"
    WAITING = "waiting"


_ENDS = {
    **dict.fromkeys(COMPLETED, Outcome.ANSWERED),
    BLIND: Outcome.TRANSFERRED,
    ATTENDED: Outcome.TRANSFERRED,
    ABANDONED: Outcome.ABANDONED,
    "EXITWITHTIMEOUT": Outcome.TOO_LONG,
    "EXITEMPTY": Outcome.NOBODY,
    "EXITWITHKEY": Outcome.BY_KEY,
    "SYSCOMPAT": Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class QueueCall:
    """One caller, from coming into a queue to leaving it.

    ``id`` is that of the row by which it began, ``at`` is in UTC. ``waited`` and ``talked`` are in
    seconds, None for what did not happen or has not ended. ``member`` is who answered, as in
    queue_log: ``Agent/101``, or an extension; empty for nobody.
    """

    id: int
    at: datetime
    queue: str
    caller: str
    waited: int | None
    member: str
    talked: int | None
    outcome: Outcome


def calls_of(rows: Iterable[LogRow]) -> list[QueueCall]:
    """Return the calls that begin among these rows, the newest first.

    ``rows`` are all of some channels, by id. A channel may come into the same queue again.
    """
    begun: dict[tuple[str, str], list[LogRow]] = {}
    done: list[list[LogRow]] = []
    for row in rows:
        key = row.callid, row.queue
        if row.event == ENTERED:
            if key in begun:
                done.append(begun[key])
            begun[key] = [row]
        elif key in begun:
            begun[key].append(row)
    calls = [_call(entered, rest) for entered, *rest in (*done, *begun.values())]
    return sorted(calls, key=lambda call: call.id, reverse=True)


def _call(entered: LogRow, rest: list[LogRow]) -> QueueCall:
    connected = next((row for row in rest if row.event == CONNECTED), None)
    end = next((row for row in rest if row.event in _ENDS), None)
    so_far = Outcome.TALKING if connected else Outcome.WAITING
    if connected:
        waited: int | None = seconds(connected.data[0])
    else:
        # By the clock: only some of the events tell it.
        waited = max(0, round((end.time - entered.time).total_seconds())) if end else None
    return QueueCall(
        entered.id,
        entered.time,
        entered.queue,
        entered.data[1],
        waited,
        connected.agent if connected else "",
        talk_time(end) if end else None,
        _ENDS[end.event] if end else so_far,
    )
