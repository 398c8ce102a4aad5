"""Who called, in the mail of a voicemail: what comes from outside stays words."""

from dataclasses import replace
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbxbridge.mail.mail_content import base64_lines
from pbxbridge.mail.voicemail_mail import Delivery
from tests.rig.voicemail_mails import (
    ATTACHED,
    HEADERS,
    LINKED,
    RECORDING,
    VOICEMAIL,
    Page,
    body,
    sent,
)


@pytest.mark.parametrize(
    ("name", "number", "caller"),
    [
        ("", "1001", "1001"),
        ("1001", "1001", "1001"),
        ("Alice", "", "Alice"),
        ("", "", "an unknown caller"),
        ("unknown", "<unknown>", "an unknown caller"),
        ("Anonymous", "anonymous", "a withheld number"),
        ("", "Restricted", "a withheld number"),
        ("Anonymous", "1001", "1001"),
        (" \n ", "1001", "1001"),
        ("Zoë 📞 李", "1001", "Zoë 📞 李 <1001>"),
        ('"<script>alert(1)</script>', "1001", '"<script>alert(1)</script> <1001>'),
        ("Eve\r\nBcc: all@example", "1001", "Eve Bcc: all@example <1001>"),
        ("Eve\r\n\r\n<html>", "1\n2", "Eve <html> <1 2>"),
        ("=?utf-8?q?E=0D=0ABcc:_x?=", "1001", "= ?utf-8?q?E=0D=0ABcc:_x?= <1001>"),
        ("e\N{RIGHT-TO-LEFT OVERRIDE}ve\N{LINE SEPARATOR}\x00", "1001", "e ve <1001>"),
        ("\ud800e", "1001", "e <1001>"),
        ("x" * 300, "1001", "x" * 80 + " <1001>"),
        ("{{ 7*7 }}{% include 'x' %}", "1001", "{{ 7*7 }}{% include 'x' %} <1001>"),
    ],
)
def test_a_hostile_caller_name_stays_a_name(name: str, number: str, caller: str) -> None:
    mail = sent(replace(VOICEMAIL, caller_name=name, caller_number=number))
    assert mail["Subject"] == f"Voicemail from {caller} (1:12) for 1002"
    assert set(mail.keys()) == HEADERS
    assert "script" not in Page(mail).tags
    if number == "1001":
        assert f"\nFrom:      {caller}\n" in body(mail)
        assert caller.removesuffix(" <1001>") in Page(mail).text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("www.bank.example", "www. bank. example"),
        ("https://bank.example/x", "https:/ /bank. example/x"),
        ("call//back", "call/ /back"),
        (r"\\host\share", r"\ \host\share"),
        ("bob@bank.example", "bob@bank. example"),
        ("bank。example", "bank。 example"),  # a full stop that domains may have, too
        ("Dr. J.R. Ewing", "Dr. J. R. Ewing"),
        ("Hm...", "Hm..."),
    ],
)
def test_no_mail_program_makes_a_link_of_a_callers_name(name: str, shown: str) -> None:
    nobody = replace(VOICEMAIL, caller_name="", caller_number="")
    for message in (replace(nobody, caller_name=name), replace(nobody, caller_number=name)):
        mail = sent(message)
        assert mail["Subject"] == f"Voicemail from {shown} (1:12) for 1002"
        assert f"\nFrom:      {shown}\n" in body(mail)
        assert shown in Page(mail).text
        assert Page(mail).addresses == []


@pytest.mark.parametrize(
    ("number", "links"),
    [
        ("+441632960123", ["tel:+441632960123"]),
        ("1001", ["tel:1001"]),
        ("*21*0900123456#", []),  # would forward the reader's phone
        ("1001;phone-context=x", []),
        ("1001,,99", []),
        ("٣٣٣٣", []),
        ("+", []),
        ("1" * 40, []),
        ('1"onclick="x', []),
        ("javascript:alert(1)", []),
    ],
)
def test_only_a_number_is_a_link_to_call(number: str, links: list[str]) -> None:
    for name in ("Alice", ""):
        mail = sent(replace(VOICEMAIL, caller_name=name, caller_number=number))
        assert Page(mail).addresses == links
        assert number in Page(mail).text


@settings(max_examples=50)
@given(st.text(), st.text(), st.sampled_from(["en", "de"]), st.sampled_from([ATTACHED, LINKED]))
def test_no_caller_breaks_the_message(
    name: str, number: str, language: str, delivery: Delivery
) -> None:
    voicemail = replace(VOICEMAIL, caller_name=name, caller_number=number)
    mail = sent(voicemail, replace(delivery, language=language))
    assert set(mail.keys()) == HEADERS
    assert mail["To"] == "bob@example.org"
    own = [address for address in Page(mail).addresses if not address.startswith("tel:")]
    assert len(own) == (1 if delivery is LINKED else 0)
    if delivery is ATTACHED:
        (attachment,) = mail.iter_attachments()
        assert isinstance(attachment, EmailMessage)
        assert attachment.get_content() == RECORDING


def test_a_name_like_the_recordings_place_is_not_taken_for_it() -> None:
    name = base64_lines(b"RECORDING-GOES-HERE").decode().strip()
    mail = sent(replace(VOICEMAIL, caller_name="", caller_number=name))
    (attachment,) = mail.iter_attachments()
    assert isinstance(attachment, EmailMessage)
    assert attachment.get_content() == RECORDING
    assert f"\nFrom:      {name}\n" in body(mail)
