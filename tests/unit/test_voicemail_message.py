"""The e-mail of a voicemail, read back by the standard library's parser."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.mail.voicemail_message import (
    VoicemailMessage,
    voicemail_email,
    voicemail_message_id,
)
from tests.rig.voicemail_files import wav

VOICEMAIL = VoicemailMessage(
    msg_id="1772366400-00000001",
    mailbox="1002",
    context="default",
    caller_name="Alice",
    caller_number="1001",
    received_at=datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC),
    duration=72,
    audio=Path("msg0000.wav"),
)
RECORDING = wav(0.2)
HEADERS = {
    "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
}  # fmt: skip


def sent(
    voicemail: VoicemailMessage = VOICEMAIL,
    *,
    sender: str = "voicemail@pbx.local",
    recipient: str = "bob@example.org",
) -> EmailMessage:
    """Return the message as its reader gets it."""
    mail = voicemail_email(
        voicemail,
        RECORDING,
        sender=sender,
        recipient=recipient,
        zone=timezone(timedelta(hours=1), "CET"),
    )
    parsed = message_from_bytes(mail.as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def test_the_headers_say_who_called_whom_and_how_long() -> None:
    mail = sent()
    assert mail["Subject"] == "Voicemail from Alice <1001> (1:12) for 1002"
    assert mail["From"] == "Voicemail <voicemail@pbx.local>"
    assert mail["To"] == "bob@example.org"
    assert mail["Date"].datetime == VOICEMAIL.received_at
    assert mail["Auto-Submitted"] == "auto-generated"
    assert set(mail.keys()) == HEADERS


def test_text_and_html_say_the_same_with_the_local_time() -> None:
    for kind in ("plain", "html"):
        text = body(sent(), kind)
        for fact in ("1001", "mailbox 1002", "Sunday, 01 March 2026, 13:00:05 CET", "1:12"):
            assert fact in text
    assert "Alice <1001>" in body(sent(), "plain")
    assert "Alice &lt;1001&gt;" in body(sent(), "html")


def test_the_recording_is_attached_byte_for_byte() -> None:
    (attachment,) = sent().iter_attachments()
    assert isinstance(attachment, EmailMessage)
    assert attachment.get_content_type() == "audio/x-wav"
    assert attachment.get_filename() == "voicemail-1002-20260301-130005.wav"
    assert attachment.get_content() == RECORDING


@pytest.mark.parametrize(
    ("name", "number", "caller"),
    [
        ("", "1001", "1001"),
        ("Alice", "", "Alice"),
        ("", "", "an unknown caller"),
        (" \n ", "1001", "1001"),
        ("Zoë 📞 李", "1001", "Zoë 📞 李 <1001>"),
        ('"<script>alert(1)</script>', "1001", '"<script>alert(1)</script> <1001>'),
        ("Eve\r\nBcc: all@example.org", "1001", "Eve Bcc: all@example.org <1001>"),
        ("Eve\r\n\r\n<html>", "1\n2", "Eve <html> <1 2>"),
        ("=?utf-8?q?E=0D=0ABcc:_x?=", "1001", "= ?utf-8?q?E=0D=0ABcc:_x?= <1001>"),
        ("e\N{RIGHT-TO-LEFT OVERRIDE}ve\N{LINE SEPARATOR}\x00", "1001", "e ve <1001>"),
        ("x" * 300, "1001", "x" * 80 + " <1001>"),
    ],
)
def test_a_hostile_caller_name_stays_a_name(name: str, number: str, caller: str) -> None:
    mail = sent(replace(VOICEMAIL, caller_name=name, caller_number=number))
    assert mail["Subject"] == f"Voicemail from {caller} (1:12) for 1002"
    assert set(mail.keys()) == HEADERS
    assert f"\nFrom:     {caller}\n" in body(mail, "plain")
    assert "<script" not in body(mail, "html")


@given(st.text(), st.text())
def test_no_caller_breaks_the_message(name: str, number: str) -> None:
    mail = sent(replace(VOICEMAIL, caller_name=name, caller_number=number))
    assert set(mail.keys()) == HEADERS
    assert mail["To"] == "bob@example.org"
    (attachment,) = mail.iter_attachments()
    assert isinstance(attachment, EmailMessage)
    assert attachment.get_content() == RECORDING


def test_a_message_is_plain_ascii_on_the_wire() -> None:
    mail = voicemail_email(
        replace(VOICEMAIL, caller_name="Zoë 📞" * 10),
        RECORDING,
        sender="voicemail@pbx.local",
        recipient="bob@example.org",
    ).as_bytes()
    assert mail.isascii()
    assert all(len(line) < 998 for line in mail.split(b"\r\n"))
    assert mail.count(b"\n") == mail.count(b"\r\n")


@pytest.mark.parametrize(
    "address",
    [
        '"b o b"@example.org',
        "bob@[127.0.0.1]",
        "reception@pbx",
        "o'neil+vm@example.org",
        "bøb@exämple.org",
    ],
)
def test_every_address_that_the_portal_takes_is_kept(address: str) -> None:
    mail = voicemail_email(
        VOICEMAIL, RECORDING, sender="voicemail@pbx.local", recipient=address
    ).as_bytes()
    assert b"\r\nTo: " + address.encode() + b"\r\n" in mail


def test_the_message_id_is_the_same_each_time_and_one_per_mailbox() -> None:
    mine = voicemail_message_id(VOICEMAIL, "voicemail@pbx.local")
    assert mine == "<voicemail.1772366400-00000001.1002@pbx.local>"
    assert sent()["Message-ID"] == sent()["Message-ID"] == mine
    assert voicemail_message_id(replace(VOICEMAIL, mailbox="1003"), "voicemail@pbx.local") != mine


def test_a_long_message_id_is_not_folded_into_something_else() -> None:
    sender = "voicemail@a-rather-long-name-for-a-telephone-system.department.example.org"
    assert sent(sender=sender)["Message-ID"] == voicemail_message_id(VOICEMAIL, sender)
