"""Calls, told from the rows of queue_log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from pbxbridge.services.call_centre.queue_call import Outcome, QueueCall, calls_of
from pbxbridge.services.call_centre.queue_tally import LogRow, log_row

START = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def rows(*said: str) -> list[LogRow]:
    """Return rows, one a second: "event data1 data2 ..." where an empty one is a dot."""
    made = []
    for number, line in enumerate(said):
        event, *data = line.split()
        texts = [*("" if text == "." else text for text in data), "", "", "", "", ""][:5]
        agent = "Agent/101" if event in ("CONNECT", "COMPLETECALLER", "COMPLETEAGENT") else "NONE"
        at = START + timedelta(seconds=number)
        made.append(log_row((number + 1, at, "1.1", "sales", agent, event, *texts)))
    return made


def only(calls: Sequence[QueueCall]) -> QueueCall:
    (call,) = calls
    return call


ENDS = [
    (["CONNECT 4 1.2 3", "COMPLETECALLER 4 64 1"], Outcome.ANSWERED, 4, "Agent/101", 64),
    (["CONNECT 4 1.2 3", "BLINDTRANSFER 1 c 4 30 1"], Outcome.TRANSFERRED, 4, "Agent/101", 30),
    (["CONNECT 4 1.2 3"], Outcome.TALKING, 4, "Agent/101", None),
    (["RINGNOANSWER 20000", "ABANDON 1 1 2"], Outcome.ABANDONED, 2, "", None),
    (["EXITWITHTIMEOUT 1 1 1"], Outcome.TOO_LONG, 1, "", None),
    (["EXITEMPTY 1 1 1"], Outcome.NOBODY, 1, "", None),
    (["EXITWITHKEY 1 1"], Outcome.BY_KEY, 1, "", None),
    (["SYSCOMPAT"], Outcome.FAILED, 1, "", None),
    ([], Outcome.WAITING, None, "", None),
]


@pytest.mark.parametrize(("rest", "outcome", "waited", "member", "talked"), ENDS)
def test_what_became_of_a_call(
    rest: list[str], outcome: Outcome, waited: int | None, member: str, talked: int | None
) -> None:
    call = only(calls_of(rows("ENTERQUEUE . 1003 1", *rest)))
    assert call == QueueCall(1, START, "sales", "1003", waited, member, talked, outcome)


def test_a_channel_that_comes_again_is_another_call() -> None:
    again = rows("ENTERQUEUE . 1003 1", "ABANDON 1 1 1", "ENTERQUEUE . 1003 1", "CONNECT 1 1.2 1")
    newer, older = calls_of(again)
    assert (older.id, older.outcome) == (1, Outcome.ABANDONED)
    assert (newer.id, newer.outcome) == (3, Outcome.TALKING)


def test_what_has_no_beginning_is_no_call() -> None:
    assert calls_of(rows("CONNECT 4 1.2 3", "ADDMEMBER")) == []
