"""One extension becomes the rows that Asterisk reads."""

from dataclasses import asdict, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialplan.class_of_service import ClassOfService, class_of_service_lines
from dialplan.extension_row import CallRules, extension_row
from pbxbridge.realtime.rows import (
    DahdiDevice,
    ExtensionFacts,
    Iax2Device,
    SipDevice,
    rows_of,
)

ALICE = ExtensionFacts(
    number="1001",
    caller_id_name="Alice",
    device=SipDevice(secret="s3cret", qualify_frequency=60),
    class_of_service="internal",
    pin="4321",
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
    assert endpoint is not None
    assert endpoint["context"] == "cos-internal"
    assert endpoint["callerid"] == '"Alice" <1001>'
    assert endpoint["mailboxes"] == "1001@default"


def test_without_voicemail_there_is_no_box_no_lamp_and_no_mailbox_argument() -> None:
    rows = rows_of(replace(ALICE, pin=None))
    assert rows.mailbox is None
    assert rows.endpoint is not None
    assert rows.endpoint["mailboxes"] == ""
    assert rows.dialplan["appdata"] == "sub-extension,s,1(PJSIP/1001,,20,,internal)"


def test_no_row_holds_a_null_because_sqlite_realtime_hands_it_over_as_empty_text() -> None:
    for device in (ALICE.device, Iax2Device("s3cret", monitored=True)):
        for columns in asdict(rows_of(replace(ALICE, device=device))).values():
            assert all(value is not None for value in (columns or {}).values())


def test_each_device_is_dialled_by_its_own_channel_driver() -> None:
    for device, dialled, tables in (
        (SipDevice("s", 60), "PJSIP/1001", {"endpoint", "aor", "auth"}),
        (SipDevice("s", 60, "al", "t"), "PJSIP/1001", {"endpoint", "aor", "auth", "auth_override"}),
        (Iax2Device("s", monitored=True), "IAX2/1001", {"iax_friend"}),
        (DahdiDevice("g0"), "DAHDI/g0", set()),
        (None, "", set()),
    ):
        rows = rows_of(replace(ALICE, device=device))
        assert str(rows.dialplan["appdata"]).startswith(f"sub-extension,s,1({dialled},")
        written = {name for name, columns in asdict(rows).items() if columns is not None}
        assert written == tables | {"dialplan", "mailbox"}


def test_an_auth_override_is_what_the_endpoint_registers_with() -> None:
    rows = rows_of(replace(ALICE, device=SipDevice("s3cret", 60, "alice", "other")))
    assert rows.endpoint is not None
    assert rows.auth_override is not None
    assert rows.endpoint["auth"] == rows.auth_override["id"]
    assert (rows.auth_override["username"], rows.auth_override["password"]) == ("alice", "other")


def test_forwards_and_do_not_disturb_are_arguments_of_the_row() -> None:
    facts = replace(
        ALICE,
        forward_busy="1002",
        forward_no_answer="1003",
        forward_unregistered="+4930123",
        do_not_disturb=True,
    )
    assert rows_of(facts).dialplan["appdata"] == (
        "sub-extension,s,1(PJSIP/1001,1001@default,20,,internal,1002,1003,+4930123,dnd)"
    )


def test_a_class_of_service_includes_feature_codes_before_extensions() -> None:
    lines = class_of_service_lines(ClassOfService("internal"), [])
    assert [(line.category, line.var_metric, line.var_name, line.var_val) for line in lines] == [
        ("cos-internal", 0, "include", "features"),
        ("cos-internal", 1, "include", "extensions"),
    ]


TEXT_ARGUMENTS = ["device", "mailbox", "forward_all", "forward_busy", "class_of_service"]


@example("&", "number")
@example("PJSIP/1&PJSIP/2", "device")
@given(st.text(min_size=1), st.sampled_from(["number", *TEXT_ARGUMENTS]))
def test_nothing_that_the_dialplan_could_evaluate_becomes_an_argument(
    text: str, argument: str
) -> None:
    texts = {"device": "PJSIP/1", "mailbox": "", "class_of_service": "internal", "number": "1"}
    texts |= {argument: text}
    number = texts.pop("number")
    try:
        row = extension_row(number, CallRules(ring_time=20, do_not_disturb=True, **texts))
    except ValueError:
        return
    assert not set(row.appdata + row.exten) & set("${}[]\"'\\;&|`\r\n ")
    assert row.appdata.count(",") == 10


@pytest.mark.parametrize("evil", ["${SHELL(id)}", "1,2", "1)", "a b", "1\n2", "é"])
def test_an_argument_with_meaning_is_refused(evil: str) -> None:
    with pytest.raises(ValueError, match="not fit"):
        extension_row("1", CallRules("PJSIP/1", "", 20, "internal", forward_all=evil))


def test_free_text_is_escaped_for_drivers_that_take_values_apart() -> None:
    named = replace(ALICE, caller_id_name="A; ^41")
    plain, escaped = rows_of(named), rows_of(replace(named, escaped=True))
    assert plain.endpoint is not None
    assert escaped.endpoint is not None
    assert plain.endpoint["callerid"] == '"A; ^41" <1001>'
    assert escaped.endpoint["callerid"] == '"A^3B ^5E41" <1001>'
    assert escaped.mailbox is not None
    assert escaped.mailbox["fullname"] == "A^3B ^5E41"
    friend = rows_of(replace(named, device=Iax2Device("s3cret", True), escaped=True)).iax_friend
    assert friend is not None
    assert friend["callerid"] == '"A; ^41" <1001>'  # static realtime is not taken apart
