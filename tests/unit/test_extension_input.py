"""Bad input gets one clear sentence beside its field."""

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.services.extension_input import ExtensionInput, parse_extension

GOOD = {
    "number": "1001",
    "caller_id_name": "Alice",
    "voicemail": True,
    "voicemail_pin": "4321",
    "voicemail_email": "alice@example.com",
}


NO_NUMBER = "Use letters and digits only. Digits can be dialled from any phone."
NO_ADDRESS = (
    "“{}” is no e-mail address. Enter one such as ada@example.com, with commas between several."
)
NO_TARGET = "Enter an extension, a number of at most 20 digits with an optional +, or voicemail."


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("number", "", "Enter the extension's number."),
        ("number", "10-1", NO_NUMBER),
        (
            "number",
            "1001\n1002",
            NO_NUMBER,
        ),
        (
            "number",
            "\u0661\u0660\u0660\u0661",
            NO_NUMBER,
        ),
        ("number", "H", "This name has a meaning of its own. Choose another."),
        ("number", "new", "This name has a meaning of its own. Choose another."),
        ("number", "1" * 21, "Use at most 20 characters."),
        ("caller_id_name", "", "Enter the name that phones show for this extension."),
        ("caller_id_name", "A\nB", "Line breaks and control characters cannot be part of a name."),
        (
            "caller_id_name",
            "A\x00B",
            "Line breaks and control characters cannot be part of a name.",
        ),
        (
            "caller_id_name",
            'A "B" <9>',
            'These characters cannot be part of a caller ID name: " < >',
        ),
        ("caller_id_name", "x" * 32, "Use at most 31 characters."),
        ("device_type", "TELEX", "Choose one of the list."),
        ("voicemail_pin", "123", "Use 4 to 12 digits."),
        ("voicemail_pin", "12a4", "Use digits only."),
        ("voicemail_pin", "1001", "The PIN must not be the extension's own number."),
        ("voicemail_email", "a@x.de, alice", NO_ADDRESS.format("alice")),
        ("voicemail_email", "a@x.de\n" + "b" * 50, NO_ADDRESS.format("b" * 40 + "…")),
        (
            "voicemail_email",
            ";".join(f"a{place}@x.de" for place in range(11)),
            "Enter at most 10 addresses.",
        ),
        (
            "voicemail_email",
            f"{'a' * 64}@x.de {'b' * 64}@x.de {'c' * 64}@x.de {'d' * 40}@x.de",
            "Use at most 254 characters for all addresses.",
        ),
        ("voicemail_audio", "ogg", "Choose one of the list."),
        ("voicemail_after_sending", "", "Choose one of the list."),
        ("voicemail_language", "tlh", "Choose one of the list."),
        ("voicemail_time_zone", "europe/berlin", "Write it as Europe/Berlin."),
        (
            "voicemail_time_zone",
            "Berlin",
            "There is no such time zone. Enter one such as Europe/Berlin.",
        ),
        (
            "voicemail_time_zone",
            "localtime",
            "There is no such time zone. Enter one such as Europe/Berlin.",
        ),
        ("forward_all", "1001", "An extension cannot be forwarded to itself."),
        (
            "forward_all",
            "${EVIL}",
            NO_TARGET,
        ),
        (
            "forward_all",
            "1002,1)",
            NO_TARGET,
        ),
        ("forward_busy", "s", "No extension can have this name."),
        ("number", "callnumberlimits", "This name has a meaning of its own. Choose another."),
        ("colour", "red", "There is no such field."),
    ],
)
def test_bad_input_is_refused_beside_its_field(field: str, value: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_extension({**GOOD, field: value})
    assert refused.value.fields == {field: sentence}


@pytest.mark.parametrize(
    "address", ["alice", "alice@", "@example.com", "a b@example.com", "a@b..c"]
)
def test_a_broken_email_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_extension({**GOOD, "voicemail_email": address})
    assert list(refused.value.fields) == ["voicemail_email"]


@pytest.mark.parametrize("address", ["alice@example.com", "reception@pbx.local", "root@localhost"])
def test_addresses_of_the_internet_and_of_the_lan_are_taken(address: str) -> None:
    assert parse_extension({**GOOD, "voicemail_email": address}).voicemail_email == address


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" a@x.de ,b@X.DE;c@x.de\nd@x.de  e@x.de,", "a@x.de, b@x.de, c@x.de, d@x.de, e@x.de"),
        ("Ada@x.de, b@x.de, ada@X.de, b@x.de", "Ada@x.de, b@x.de"),
        (" , ;", ""),
    ],
)
def test_several_addresses_have_commas_between_and_none_is_there_twice(
    typed: str, stored: str
) -> None:
    assert parse_extension({**GOOD, "voicemail_email": typed}).voicemail_email == stored
    assert parse_extension({**GOOD, "voicemail_email": stored}).voicemail_email == stored


def test_the_message_that_a_mail_links_to_is_not_deleted() -> None:
    links = GOOD | {"voicemail_audio": "link"}
    with pytest.raises(Invalid) as refused:
        parse_extension(links | {"voicemail_after_sending": "delete"})
    sentence = "A link would lead nowhere. Attach the recording, or keep the message."
    assert refused.value.fields == {"voicemail_after_sending": sentence}
    assert parse_extension(links | {"voicemail_after_sending": "heard"})
    assert parse_extension(GOOD | {"voicemail_after_sending": "delete", "voicemail_email": ""})


def test_the_rows_of_one_save_are_few() -> None:
    dids = [str(number) for number in range(51)]
    logins = [f"user{number}" for number in range(51)]
    taken = parse_extension(GOOD | {"dids": dids[:50] * 2, "users": logins[:50]})
    assert (len(taken.dids), len(taken.users)) == (50, 50)
    with pytest.raises(Invalid) as refused:
        parse_extension(GOOD | {"dids": " ".join(dids), "users": logins})
    sentences = {"dids": "Give at most 50 DIDs.", "users": "Give at most 50 users."}
    assert refused.value.fields == sentences


def test_every_field_at_fault_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        parse_extension({**GOOD, "number": "x!", "caller_id_name": "", "voicemail_pin": "1"})
    assert set(refused.value.fields) == {"number", "caller_id_name", "voicemail_pin"}


def test_leading_zeros_are_kept_and_blanks_around_are_not() -> None:
    wanted = parse_extension({"number": " 0042 ", "caller_id_name": "  Zoë O'Neil, R&D; x "})
    assert (wanted.number, wanted.caller_id_name) == ("0042", "Zoë O'Neil, R&D; x")


def test_what_belongs_to_a_box_that_is_off_is_neither_kept_nor_complained_of() -> None:
    mails = {"voicemail_audio": "link", "voicemail_after_sending": "delete"}
    mails |= {"voicemail_language": "tlh", "voicemail_time_zone": "here"}
    wanted = parse_extension({**GOOD, "voicemail": False, "voicemail_pin": "1", **mails})
    assert wanted == ExtensionInput(number="1001", caller_id_name="Alice")
