"""The e-mail that invites a person."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

from pbxbridge.mail.invitation_message import invitation_email

LINK = "https://a-long-name-of-a-pbx.branch.example.com:8443/invitation/" + "x" * 43


def mail(**changed: object) -> tuple[str, str, str]:
    """Return the content type, the subject and the text that a mail program shows."""
    said: dict[str, object] = {
        "application": "IntellaPhone",
        "number": "1001",
        "name": "Ada Lovelace",
        "link": LINK,
        "hours": 72,
        "sender": "portal@pbx.local",
        "recipient": "ada@example.org",
        "sent_at": datetime(2026, 3, 1, tzinfo=UTC),
        "message_id": "<x@pbx.local>",
    }
    sent = invitation_email(**{**said, **changed}).as_bytes()  # type: ignore[arg-type]
    read = message_from_bytes(sent, policy=policy.default)
    return read.get_content_type(), str(read["Subject"]), read.get_content()


def test_the_link_is_whole_and_on_a_line_of_its_own() -> None:
    kind, subject, text = mail()
    assert (kind, subject) == ("text/plain", "Set up IntellaPhone for extension 1001")
    assert LINK in text.splitlines()
    assert text.count("http") == 1
    assert "Ada Lovelace" in text
    assert "72 hours" in text
    assert "1 hour." in mail(hours=1)[2].replace("hour. ", "hour.")


def test_a_hostile_name_makes_no_line_and_no_link_of_its_own() -> None:
    _, subject, text = mail(name="Ada\r\nBcc: x@example.org\u202e", application="Phone\nX")
    assert len(subject.splitlines()) == 1
    first = text.splitlines()[0]
    assert "Ada Bcc: x@example.org" in first
    assert "\u202e" not in text
    assert [line for line in text.splitlines() if line.startswith("http")] == [LINK]
