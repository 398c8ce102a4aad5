"""Files of other systems: which column becomes which field."""

from collections.abc import Mapping

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.services.transfer.importers import Extracted, reading_of

FREEPBX = [
    "extension",
    "password",
    "name",
    "voicemail",
    "ringtimer",
    "outboundcid",
    "id",
    "tech",
    "dial",
    "description",
    "emergency_cid",
    "namedcallgroup",
    "qualifyfreq",
    "secret",
    "findmefollow_grplist",
    "findmefollow_enabled",
    "voicemail_enable",
    "voicemail_vmpwd",
    "voicemail_email",
    "voicemail_options",
    "donotdisturb",
    "callforward_all",
]
FUSIONPBX = [
    "extension_uuid",
    "extension",
    "number_alias",
    "password",
    "effective_caller_id_name",
    "outbound_caller_id_number",
    "emergency_caller_id_number",
    "call_timeout",
    "call_group",
    "do_not_disturb",
    "forward_all_destination",
    "forward_all_enabled",
    "forward_busy_destination",
    "forward_busy_enabled",
    "forward_user_not_registered_destination",
    "forward_user_not_registered_enabled",
    "enabled",
    "voicemail_enabled",
    "voicemail_password",
    "voicemail_mail_to",
    "voicemail_file",
    "voicemail_local_after_email",
]


def extracted(columns: list[str], **cells: str) -> Extracted:
    row = dict.fromkeys(columns, "") | cells
    return reading_of(columns).extract(row)


def values(found: Extracted) -> Mapping[str, str]:
    """What is said of the extension, without what is empty."""
    return {name: value for name, value in found.values.items() if value}


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (["number", "caller_id_name"], "pbxbridge"),
        (FREEPBX, "freepbx"),
        (FUSIONPBX, "fusionpbx"),
        (["extension", "name", "secret"], "freepbx"),
    ],
)
def test_a_file_is_known_by_its_columns(columns: list[str], name: str) -> None:
    assert reading_of(columns).format == name


def test_a_column_that_we_do_not_know_is_refused_by_its_name() -> None:
    with pytest.raises(Invalid) as refused:
        reading_of(["number", "colour", "shape"])
    assert refused.value.fields == {
        "colour": "There is no such column.",
        "shape": "There is no such column.",
    }


def test_a_file_without_numbers_is_refused() -> None:
    for name in ("auto", "pbxbridge"):
        with pytest.raises(Invalid) as refused:
            reading_of(["caller_id_name"], name)
        assert list(refused.value.fields) == ["number"]
    with pytest.raises(Invalid, match="as freepbx writes it"):
        reading_of(["number"], "freepbx")
    with pytest.raises(Invalid, match="There is no format xlsx"):
        reading_of(["number"], "xlsx")


def test_columns_of_another_system_without_a_counterpart_are_ignored() -> None:
    assert reading_of(FREEPBX).ignored == ("password", "id")
    assert reading_of(FUSIONPBX).ignored == ("extension_uuid", "number_alias")


def test_a_freepbx_extension() -> None:
    found = extracted(
        FREEPBX,
        extension="818",
        name="John Doe",
        tech="pjsip",
        secret="0123456789abcdef",
        outboundcid='"Doe Ltd" <+49 (30) 123-45>',
        emergency_cid="<030112>",
        ringtimer="25",
        namedcallgroup="sales",
        qualifyfreq="60",
        voicemail="default",
        voicemail_enable="yes",
        voicemail_vmpwd="4711",
        voicemail_email="john@example.com,desk@example.com",
        voicemail_options="attach=yes|saycid=no|envelope=no|delete=yes",
        findmefollow_grplist="818-09171234567#",
        findmefollow_enabled="yes",
        donotdisturb="YES",
        callforward_all="900",
    )
    assert values(found) == {
        "number": "818",
        "caller_id_name": "John Doe",
        "device_type": "SIP",
        "secret": "0123456789abcdef",
        "external_caller_id": "+493012345",
        "emergency_caller_id": "030112",
        "ring_time": "25",
        "phone_group": "sales",
        "monitored": "yes",
        "voicemail": "yes",
        "voicemail_pin": "4711",
        "voicemail_email": "john@example.com,desk@example.com",
        "voicemail_audio": "wav",
        "voicemail_after_sending": "delete",
        "twinning_number": "09171234567",
        "do_not_disturb": "yes",
        "forward_all": "900",
    }
    assert found.notes == ()


def test_freepbx_says_in_its_own_words_that_there_is_no_voicemail_and_no_ring_time() -> None:
    found = extracted(FREEPBX, extension="1", name="", description="Lobby", voicemail="novm")
    assert found.values["voicemail"] == "no"
    assert found.values["caller_id_name"] == "Lobby"
    assert extracted(FREEPBX, extension="1", ringtimer="0").values["ring_time"] == ""
    assert extracted(FREEPBX, extension="1", qualifyfreq="0").values["monitored"] == "no"


@pytest.mark.parametrize(
    ("tech", "dial", "device"),
    [
        ("sip", "SIP/1", {"device_type": "SIP"}),
        ("iax2", "IAX2/1", {"device_type": "IAX2"}),
        ("dahdi", "DAHDI/4", {"device_type": "DAHDI", "dahdi_channel": "4"}),
        ("virtual", "", {"device_type": "VIRTUAL"}),
        ("custom", "Local/1@x", {"device_type": "custom"}),
    ],
)
def test_a_freepbx_technology_is_a_device_type(
    tech: str, dial: str, device: dict[str, str]
) -> None:
    found = extracted(FREEPBX, extension="1", tech=tech, dial=dial)
    assert {name: found.values[name] for name in device} == device


def test_of_several_numbers_of_follow_me_the_first_is_kept_and_that_is_said() -> None:
    found = extracted(
        FREEPBX, extension="1", findmefollow_grplist="1-017#-018#", findmefollow_enabled="yes"
    )
    assert found.values["twinning_number"] == "017"
    assert "only 017" in found.notes[0]


def test_a_fusionpbx_extension() -> None:
    found = extracted(
        FUSIONPBX,
        extension="1001",
        password="Abcdef123!",
        effective_caller_id_name="Ada",
        outbound_caller_id_number="+49301",
        emergency_caller_id_number="112",
        call_timeout="30",
        call_group="support",
        do_not_disturb="true",
        forward_all_destination="900",
        forward_all_enabled="false",
        forward_busy_destination="901",
        forward_busy_enabled="true",
        forward_user_not_registered_destination="902",
        forward_user_not_registered_enabled="true",
        enabled="true",
        voicemail_enabled="true",
        voicemail_password="4711",
        voicemail_mail_to="ada@example.com",
        voicemail_file="link",
        voicemail_local_after_email="true",
    )
    assert values(found) == {
        "number": "1001",
        "secret": "Abcdef123!",
        "caller_id_name": "Ada",
        "external_caller_id": "+49301",
        "emergency_caller_id": "112",
        "ring_time": "30",
        "phone_group": "support",
        "do_not_disturb": "yes",
        "forward_busy": "901",
        "forward_unregistered": "902",
        "voicemail": "yes",
        "voicemail_pin": "4711",
        "voicemail_email": "ada@example.com",
        "voicemail_audio": "link",
        "voicemail_after_sending": "keep",
    }


@pytest.mark.parametrize(
    ("columns", "cells", "mails"),
    [
        (FREEPBX, {}, {}),
        (FREEPBX, {"voicemail_options": "saycid=yes|tz"}, {}),
        (
            FREEPBX,
            {"voicemail_options": "Attach=No | delete=no"},
            {"voicemail_audio": "link", "voicemail_after_sending": "keep"},
        ),
        (FUSIONPBX, {}, {}),
        (FUSIONPBX, {"voicemail_file": "listen"}, {}),
        (
            FUSIONPBX,
            {"voicemail_file": "attach", "voicemail_local_after_email": "false"},
            {"voicemail_audio": "wav", "voicemail_after_sending": "delete"},
        ),
    ],
)
def test_how_mails_are_is_taken_over_where_it_is_said(
    columns: list[str], cells: dict[str, str], mails: dict[str, str]
) -> None:
    cells = {"extension": "1", "enabled": "true"} | cells
    found = reading_of(columns).extract(dict.fromkeys(columns, "") | cells)
    said = {n: v for n, v in found.values.items() if n.startswith("voicemail_a")}
    assert said == mails


def test_a_fusionpbx_extension_that_is_switched_off_is_left_out() -> None:
    found = extracted(FUSIONPBX, extension="1001", enabled="false")
    assert "left out" in found.left_out
