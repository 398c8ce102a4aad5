"""One extension becomes the rows that Asterisk reads."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.class_of_service import class_of_service_lines
from dialplan.extension_row import extension_row
from pbxbridge.realtime.rows import ExtensionFacts, rows_of

ALICE = ExtensionFacts(
    number="1001",
    caller_id_name="Alice",
    secret="s3cret",
    class_of_service="internal",
    pin="4321",
    forward_all="",
    qualify_frequency=60,
    ring_time=20,
)


def test_an_extension_is_one_dialplan_row_that_calls_the_subroutine() -> None:
    assert rows_of(ALICE).dialplan == {
        "context": "extensions",
        "exten": "1001",
        "priority": 1,
        "app": "Gosub",
        "appdata": "sub-extension,s,1(PJSIP/1001,1001@default,20,,internal)",
    }


def test_the_endpoint_dials_from_its_class_of_service_and_shows_its_name() -> None:
    endpoint = rows_of(ALICE).endpoint
    assert endpoint["context"] == "cos-internal"
    assert endpoint["callerid"] == '"Alice" <1001>'
    assert endpoint["mailboxes"] == "1001@default"


def test_without_voicemail_there_is_no_box_no_lamp_and_no_mailbox_argument() -> None:
    rows = rows_of(replace(ALICE, pin=None))
    assert rows.mailbox is None
    assert rows.endpoint["mailboxes"] == ""
    assert rows.dialplan["appdata"] == "sub-extension,s,1(PJSIP/1001,,20,,internal)"


def test_no_row_holds_a_null_because_sqlite_realtime_hands_it_over_as_empty_text() -> None:
    rows = rows_of(ALICE)
    assert rows.mailbox is not None
    for columns in (rows.endpoint, rows.auth, rows.aor, rows.mailbox, rows.dialplan):
        assert all(value is not None for value in columns.values())


def test_a_class_of_service_includes_feature_codes_before_extensions() -> None:
    lines = class_of_service_lines("internal")
    assert [(line.category, line.var_metric, line.var_name, line.var_val) for line in lines] == [
        ("cos-internal", 0, "include", "features"),
        ("cos-internal", 1, "include", "extensions"),
    ]


@given(st.text(min_size=1), st.sampled_from(["number", "device", "mailbox", "forward_all"]))
def test_nothing_that_the_dialplan_could_evaluate_becomes_an_argument(
    text: str, argument: str
) -> None:
    facts = {"number": "1", "device": "PJSIP/1", "mailbox": "", "forward_all": ""} | {
        argument: text
    }
    try:
        row = extension_row(**facts, ring_time=20, class_of_service="internal")
    except ValueError:
        return
    assert not set(row.appdata + row.exten) & set("${}[]\"'\\;&|`\r\n ")
    assert row.appdata.count(",") == 6


@pytest.mark.parametrize("evil", ["${SHELL(id)}", "1,2", "1)", "a b", "1\n2", "é"])
def test_an_argument_with_meaning_is_refused(evil: str) -> None:
    with pytest.raises(ValueError, match="not fit"):
        extension_row(
            number="1",
            device="PJSIP/1",
            mailbox="",
            ring_time=20,
            forward_all=evil,
            class_of_service="internal",
        )
