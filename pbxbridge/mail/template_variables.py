"""What the templates of a voicemail's mail may use (docs/mail-templates.md). Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pbxbridge.mail.caller import caller_of
from pbxbridge.mail.local_time import LocalTime, local_time
from pbxbridge.mail.new_mail import one_line
from pbxbridge.mail.voicemail_message import VoicemailMessage

_SAMPLE = VoicemailMessage(
    msg_id="1772366405-00000001",
    mailbox="1002",
    context="default",
    folder="INBOX",
    caller_name="Alice",
    caller_number="+441632960123",
    received_at=datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC),
    duration=72,
    playable=True,
)


def template_variables(  # noqa: PLR0913 - what is told of a message
    message: VoicemailMessage,
    received: LocalTime,
    language: str,
    *,
    mailbox_name: str,
    file_name: str,
    link: str,
) -> dict[str, Any]:
    """Return the variables by name.

    Who called comes from outside: it is made harmless lines here, and HTML escapes it.
    """
    caller = caller_of(message.caller_name, message.caller_number)
    return {
        "language": language,
        "caller": str(caller),
        "caller_name": caller.name,
        "caller_number": caller.number,
        "phone": caller.diallable,
        "withheld": caller.withheld,
        "mailbox": message.mailbox,
        "mailbox_name": one_line(mailbox_name),
        "received_at": received.at,
        "date": received.date,
        "time": received.time,
        "zone": received.zone,
        "seconds": message.duration,
        "length": f"{message.duration // 60}:{message.duration % 60:02}",
        "file_name": file_name,
        "link": link,
    }


def sample_variables(language: str) -> list[dict[str, Any]]:
    """Return what an attached recording of a known caller gives, and links of unknown ones."""
    received = local_time(_SAMPLE.received_at, language, "Europe/Berlin")
    known = template_variables(
        _SAMPLE,
        received,
        language,
        mailbox_name="Bob Baker",
        file_name="voicemail-1002-20260301-130005.mp3",
        link="",
    )
    unknown: dict[str, Any] = {"caller": "", "caller_name": "", "caller_number": "", "phone": ""}
    link = "https://pbx.example.org/voicemail?message=1002-1772366405-00000001"
    return [
        known,
        known | unknown | {"withheld": True, "file_name": "", "link": link},
        known | unknown | {"file_name": "", "seconds": 0, "length": "0:00"},
    ]
