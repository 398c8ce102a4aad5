"""What one row of queue_log adds to the day of its queue: pure.

https://docs.asterisk.org/Configuration/Applications/Queue-Logs/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

# The caller came, and was asked to wait.
ENTERED = "ENTERQUEUE"
CONNECTED = "CONNECT"
ABANDONED = "ABANDON"
COMPLETED = frozenset({"COMPLETECALLER", "COMPLETEAGENT"})
BLIND, ATTENDED = "BLINDTRANSFER", "ATTENDEDTRANSFER"
# The caller left the queue for what comes behind it.
SENT_ON = frozenset({"EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"})
COUNTED = frozenset({CONNECTED, ABANDONED, BLIND, ATTENDED}) | COMPLETED | SENT_ON


class LogRow(NamedTuple):
    """A row of queue_log; the fields are QueueLogEntry's, and what is NULL there is empty."""

    id: int
    time: datetime
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Totals:
    """Calls since midnight.

    ``answered``, of them ``in_time`` within the queue's service level; ``abandoned`` by callers who
    hung up; ``sent_on`` to what comes behind the queue: they waited too long, nobody was there, or
    they pressed a key. Seconds: ``waited``, all answered calls' time in the queue together, and
    ``talked``.
    """

    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    sent_on: int = 0
    waited: int = 0
    talked: int = 0

    def __add__(self, other: Totals) -> Totals:
        """Return both together."""
        return Totals(
            self.answered + other.answered,
            self.in_time + other.in_time,
            self.abandoned + other.abandoned,
            self.sent_on + other.sent_on,
            self.waited + other.waited,
            self.talked + other.talked,
        )

    @property
    def offered(self) -> int:
        """How many calls are done with waiting, one way or another."""
        return self.answered + self.abandoned + self.sent_on

    @property
    def service_level(self) -> float | None:
        """The share of calls that were answered in time, 0 to 1, None without calls."""
        return self.in_time / self.offered if self.offered else None


def tally(row: LogRow, service_level: int) -> Totals | None:
    """Return what a row adds, None for nothing; in ``service_level`` seconds is in time."""
    if row.event == CONNECTED:
        waited = seconds(row.data[0])
        return Totals(answered=1, in_time=int(waited <= service_level), waited=waited)
    if row.event == ABANDONED:
        return Totals(abandoned=1)
    if row.event in SENT_ON:
        return Totals(sent_on=1)
    talked = talk_time(row)
    return None if talked is None else Totals(talked=talked)


def talk_time(row: LogRow) -> int | None:
    """Return for how many seconds it was talked, None if the row does not end a talk."""
    if row.event in COMPLETED:
        return seconds(row.data[1])
    if row.event == BLIND:  # extension, context, waited, talked, position
        return seconds(row.data[3])
    if row.event == ATTENDED:
        # How it was done is told first, in two fields, or in three where two bridges were linked.
        return seconds(row.data[4 if row.data[0] == "LINK" else 3])
    return None


def seconds(said: str) -> int:
    """Return what Asterisk wrote, 0 for what is no number."""
    return int(said) if said.isascii() and said.isdigit() else 0


def log_row(values: Sequence[Any]) -> LogRow:
    """Return a row as it was read: COLUMNS of it."""
    id_, at, *texts = values
    callid, queue, agent, event, *data = (text or "" for text in texts)
    first, second, third, fourth, fifth = data
    return LogRow(id_, at, callid, queue, agent, event, (first, second, third, fourth, fifth))


COLUMNS = (
    *("id", "time", "callid", "queuename", "agent", "event"),
    *("data1", "data2", "data3", "data4", "data5"),
)
