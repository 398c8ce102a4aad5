"""The mail of a voicemail, read back by the standard library's parser."""

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from pbxbridge.mail.attachment import Audio
from pbxbridge.mail.voicemail_mail import VoicemailMails, voicemail_message_id
from tests.rig.voicemail_mails import (
    ATTACHED,
    HEADERS,
    LINKED,
    RECORDING,
    SENDER,
    VOICEMAIL,
    Page,
    body,
    on_the_wire,
    sent,
)


def test_the_headers_say_who_called_whom_and_how_long() -> None:
    mail = sent()
    assert mail["Subject"] == "Voicemail from Alice <1001> (1:12) for 1002"
    assert mail["From"] == "Voicemail <voicemail@pbx.local>"
    assert mail["To"] == "bob@example.org"
    assert mail["Date"].datetime == VOICEMAIL.received_at
    assert mail["Auto-Submitted"] == "auto-generated"
    assert set(mail.keys()) == HEADERS


def test_the_parts_are_text_the_same_as_a_page_and_the_recording() -> None:
    kinds = [part.get_content_type() for part in sent().walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "audio/x-wav",
    ]  # fmt: skip


FACTS = {
    "en": ("Sunday, 1 March 2026, 13:00", "Central European Standard Time (GMT+01:00)"),
    "de": ("Sonntag, 1. März 2026, 13:00 Uhr", "Mitteleuropäische Normalzeit (GMT+01:00)"),
}


@pytest.mark.parametrize("language", FACTS)
def test_text_and_page_say_the_same_in_the_language_of_the_box(language: str) -> None:
    mail = sent(delivery=replace(ATTACHED, language=language))
    for words in (body(mail), Page(mail).text):
        for fact in (*FACTS[language], "Alice", "1001", "1002", "1:12", "130005.wav"):
            assert fact in words


def test_german_is_german_throughout() -> None:
    mail = sent(delivery=replace(ATTACHED, language="de"))
    assert mail["Subject"] == "Sprachnachricht von Alice <1001> (1:12) für 1002"
    for words in (body(mail), Page(mail).text):
        for english in ("Received", "Length", "voicemail for", "attached", "Recording"):
            assert english not in words


@pytest.mark.parametrize(
    ("language", "site", "subject"),
    [
        ("", "de", "Sprachnachricht"),
        ("en", "de", "Voicemail"),
        ("xx", "de", "Sprachnachricht"),  # of a version that had more
        ("", "xx", "Voicemail"),
        ("../en", "de", "Sprachnachricht"),
    ],
)
def test_the_language_is_the_boxs_else_the_sites(language: str, site: str, subject: str) -> None:
    mails = VoicemailMails(sender=SENDER, language=site)
    assert sent(delivery=replace(ATTACHED, language=language), mails=mails)["Subject"].startswith(
        subject
    )


@pytest.mark.parametrize(
    ("zone", "time", "name"),
    [
        ("", "Sunday, 1 March 2026, 13:00", "Central European Standard Time"),
        ("America/New_York", "Sunday, 1 March 2026, 07:00", "Eastern Standard Time (GMT-05:00)"),
        ("Asia/Tokyo", "Sunday, 1 March 2026, 21:00", "Japan Standard Time (GMT+09:00)"),
        ("Pacific/Auckland", "Monday, 2 March 2026, 01:00", "New Zealand Daylight Time"),
        ("Etc/GMT+5", "Sunday, 1 March 2026, 07:00", "\n           GMT-05:00\n"),
        ("Mars/Olympus", "Sunday, 1 March 2026, 13:00", "Central European Standard Time"),
        ("../../etc", "Sunday, 1 March 2026, 13:00", "Central European Standard Time"),
    ],
)
def test_the_time_is_told_in_the_boxs_zone_else_the_sites(zone: str, time: str, name: str) -> None:
    text = body(sent(delivery=replace(ATTACHED, time_zone=zone)))
    assert time in text
    assert name in text


def test_a_summers_message_is_told_in_summer_time() -> None:
    summer = replace(VOICEMAIL, received_at=datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    text = body(sent(summer, replace(ATTACHED, language="de")))
    assert "Mittwoch, 1. Juli 2026, 14:00 Uhr" in text
    assert "Mitteleuropäische Sommerzeit (GMT+02:00)" in text


def test_without_any_zone_the_machines_tells_the_time() -> None:
    local = VOICEMAIL.received_at.astimezone()
    assert f"{local:%H:%M}" in body(sent(mails=VoicemailMails(sender=SENDER)))


@pytest.mark.parametrize(("audio", "kind"), [("wav", "audio/x-wav"), ("mp3", "audio/mpeg")])
def test_the_recording_is_attached_byte_for_byte(audio: Audio, kind: str) -> None:
    mail = sent(delivery=replace(ATTACHED, audio=audio))
    (attachment,) = mail.iter_attachments()
    assert isinstance(attachment, EmailMessage)
    assert attachment.get_content_type() == kind
    assert attachment.get_filename() == f"voicemail-1002-20260301-130005.{audio}"
    assert attachment.get_content() == RECORDING
    assert Page(mail).addresses == ["tel:1001"]


@pytest.mark.parametrize("language", FACTS)
def test_a_link_leads_to_the_message_in_the_portal(language: str) -> None:
    mail = sent(delivery=replace(LINKED, language=language))
    link = "https://pbx.example.org/voicemail?message=1002-1772366400-00000001"
    assert f"\n{link}\n" in body(mail)
    assert Page(mail).addresses == ["tel:1001", link]
    for words in (body(mail), Page(mail).text):
        assert {"en": "sign in", "de": "Anmeldung erforderlich"}[language] in words
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


def test_without_the_portals_address_the_mail_says_where_to_listen_without_a_link() -> None:
    mail = sent(delivery=LINKED, mails=VoicemailMails(sender=SENDER))
    for words in (body(mail), Page(mail).text):
        assert "Sign in to the phone portal to listen to it." in words
    assert Page(mail).addresses == ["tel:1001"]


def test_a_link_holds_whatever_id_the_message_has() -> None:
    mail = sent(replace(VOICEMAIL, msg_id="a&b=c#1"), LINKED)
    link = "https://pbx.example.org/voicemail?message=1002-a%26b%3Dc%231"
    assert link in body(mail)
    assert link in Page(mail).addresses


def test_a_mail_loads_nothing_and_asks_for_nothing() -> None:
    for delivery in (ATTACHED, LINKED):
        mail = sent(delivery=delivery)
        assert Page(mail).tags.isdisjoint({"img", "script", "link", "iframe", "form", "input"})
        html = body(mail, "html")
        assert "url(" not in html
        assert "@import" not in html
        assert not {"List-Unsubscribe", "Disposition-Notification-To"} & set(mail.keys())


@pytest.mark.parametrize("language", FACTS)
@pytest.mark.parametrize("name", ["Alice", "Zoë 📞" * 10, "<&\"'>" * 16])
def test_a_mail_is_plain_ascii_in_short_lines(language: str, name: str) -> None:
    for delivery in (ATTACHED, LINKED):
        many = tuple(f"person-number-{n}@department.example.org" for n in range(30))
        mail = on_the_wire(
            replace(VOICEMAIL, caller_name=name),
            replace(delivery, language=language, recipients=many),
        )
        assert mail.isascii()
        assert all(len(line) <= 998 for line in mail.split(b"\r\n"))
        assert mail.count(b"\n") == mail.count(b"\r") == mail.count(b"\r\n")


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
    mail = on_the_wire(delivery=replace(ATTACHED, recipients=(address,)))
    assert b"\r\nTo: " + address.encode() + b"\r\n" in mail
    both = on_the_wire(delivery=replace(ATTACHED, reply_to=address, recipients=(address,) * 2))
    assert b"\r\nReply-To: " + address.encode() + b"\r\n" in both
    assert b"\r\nTo: " + f"{address}, {address}".encode() + b"\r\n" in both


def test_all_recipients_are_named_and_answers_go_where_they_should() -> None:
    many = tuple(f"person-number-{n}@department.example.org" for n in range(30))
    mail = sent(delivery=replace(ATTACHED, recipients=many, reply_to="alice@example.org"))
    assert tuple(address.addr_spec for address in mail["To"].addresses) == many
    assert mail["Reply-To"] == "alice@example.org"
    assert "Reply-To" not in sent()


def test_an_address_outside_ascii_does_not_have_the_mail_refused_to_the_others() -> None:
    """The same mail goes to each recipient; without SMTPUTF8 its headers must be ASCII."""
    delivery = replace(ATTACHED, recipients=("bøb@example.org", "al@example.org"))
    mail = on_the_wire(delivery=replace(delivery, reply_to="zoë@example.org"))
    assert mail.isascii()
    assert b"\r\nTo: al@example.org\r\n" in mail
    assert b"Reply-To" not in mail
    international = VoicemailMails(sender="pøst@pbx.local")  # needs SMTPUTF8 anyway
    named = "To: bøb@example.org, al@example.org".encode()
    assert b"\r\n" + named + b"\r\n" in on_the_wire(delivery=delivery, mails=international)


def test_the_message_id_is_the_same_each_time_and_one_per_mailbox() -> None:
    mine = voicemail_message_id(VOICEMAIL, SENDER)
    assert mine == "<voicemail.1772366400-00000001.1002@pbx.local>"
    assert sent()["Message-ID"] == sent()["Message-ID"] == mine
    assert voicemail_message_id(replace(VOICEMAIL, mailbox="1003"), SENDER) != mine


def test_a_long_message_id_is_not_folded_into_something_else() -> None:
    sender = "voicemail@a-rather-long-name-for-a-telephone-system.department.example.org"
    mail = sent(mails=VoicemailMails(sender=sender))
    assert mail["Message-ID"] == voicemail_message_id(VOICEMAIL, sender)
