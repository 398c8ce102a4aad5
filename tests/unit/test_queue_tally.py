"""What a row of queue_log adds to the day of its queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbxbridge.services.call_centre.queue_tally import LogRow, Totals, log_row, tally

AT = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def row(event: str, *data: str) -> LogRow:
    texts = (*data, "", "", "", "", "")
    return LogRow(1, AT, "1.1", "sales", "Agent/101", event, (*texts[:4], texts[4]))  # type: ignore[arg-type]  # four and one


CASES: list[tuple[LogRow, Totals | None]] = [
    (row("ENTERQUEUE", "", "1003", "1"), None),
    (row("RINGNOANSWER", "20000"), None),
    (row("CONNECT", "20", "1.2", "3"), Totals(answered=1, in_time=1, waited=20)),
    (row("CONNECT", "21", "1.2", "3"), Totals(answered=1, waited=21)),
    (row("COMPLETECALLER", "20", "64", "1"), Totals(talked=64)),
    (row("COMPLETEAGENT", "20", "0", "1"), Totals()),
    (row("ABANDON", "1", "1", "7"), Totals(abandoned=1)),
    (row("EXITWITHTIMEOUT", "1", "1", "60"), Totals(sent_on=1)),
    (row("EXITEMPTY", "1", "1", "60"), Totals(sent_on=1)),
    (row("EXITWITHKEY", "1", "1"), Totals(sent_on=1)),
    (row("BLINDTRANSFER", "1004", "cos-internal", "20", "30", "1"), Totals(talked=30)),
    (row("ATTENDEDTRANSFER", "BRIDGE", "a-bridge", "20", "30", "1"), Totals(talked=30)),
    (row("ATTENDEDTRANSFER", "LINK", "one", "other", "20", "30"), Totals(talked=30)),
    (row("CONNECT", "not a number"), Totals(answered=1, in_time=1)),
]


@pytest.mark.parametrize(("logged", "more"), CASES)
def test_an_event_counts_as_what_it_is(logged: LogRow, more: Totals | None) -> None:
    assert tally(logged, 20) == more


def test_the_service_level_is_the_share_of_all_calls_that_no_longer_wait() -> None:
    assert Totals().service_level is None
    totals = Totals(answered=2, in_time=1) + Totals(abandoned=1) + Totals(sent_on=1)
    assert (totals.offered, totals.service_level) == (4, 0.25)


def test_what_is_null_in_the_table_is_empty() -> None:
    read = log_row((7, AT, None, "sales", None, "CONNECT", "5", None, None, None, None))
    assert read == LogRow(7, AT, "", "sales", "", "CONNECT", ("5", "", "", "", ""))
