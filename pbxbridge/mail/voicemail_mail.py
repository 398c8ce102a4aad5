"""Builds the mail that carries one voicemail. Pure, given the templates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from pbxbridge.mail.attachment import MIME_SUBTYPES, Audio
from pbxbridge.mail.local_time import local_time
from pbxbridge.mail.mail_content import MailContent, base64_lines
from pbxbridge.mail.mail_templates import MailTemplates
from pbxbridge.mail.new_mail import new_mail, new_message_id, printable_line
from pbxbridge.mail.template_variables import template_variables
from pbxbridge.mail.voicemail_message import VoicemailMessage

_MARKER = b"RECORDING-GOES-HERE"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a mailbox wants its mails.

    ``recipients`` and ``reply_to`` are bare addresses, the latter empty if nobody would take an
    answer. ``audio`` is what is attached, None for a link to the portal. ``language`` and
    ``time_zone`` (an IANA name), if empty, are the site's. ``mailbox_name`` is whose box it is.
    """

    recipients: tuple[str, ...]
    audio: Audio | None
    language: str = ""
    time_zone: str = ""
    reply_to: str = ""
    mailbox_name: str = ""


class VoicemailMails:
    """Builds the mails of a site."""

    def __init__(
        self,
        *,
        sender: str,
        language: str = "en",
        time_zone: str = "",
        public_url: str = "",
        templates: Path | None = None,
    ) -> None:
        """Read the templates; those in the folder ``templates`` replace built-in ones.

        ``sender`` is a bare address, ``public_url`` the portal's address, for links. ``language``
        and ``time_zone`` are those of boxes that name none; an empty zone is the machine's.
        """
        self.sender = sender
        self._language = language
        self._time_zone = time_zone
        self._public_url = public_url.rstrip("/")
        self._templates = MailTemplates(templates)

    def content(self, message: VoicemailMessage, delivery: Delivery) -> MailContent:
        """Return the mail. Raises MessageError or ValueError for what cannot be one."""
        language = self._templates.language(delivery.language, self._language)
        received = local_time(message.received_at, language, delivery.time_zone, self._time_zone)
        file_name = link = ""
        if delivery.audio is None:
            link = self._link(message)
        else:
            moment = f"{received.at:%Y%m%d-%H%M%S}"
            file_name = f"voicemail-{message.mailbox}-{moment}.{delivery.audio}"
        words = self._templates.words(
            language,
            template_variables(
                message,
                received,
                language,
                mailbox_name=delivery.mailbox_name,
                file_name=file_name,
                link=link,
            ),
        )
        mail = new_mail(
            subject=printable_line(words.subject),
            sender=self.sender,
            sender_name="Voicemail",
            recipients=delivery.recipients,
            reply_to=delivery.reply_to,
            sent_at=message.received_at,
            message_id=voicemail_message_id(message, self.sender),
        )
        mail.set_content(words.text)
        mail.add_alternative(words.page, subtype="html")
        if delivery.audio is None:
            return MailContent(mail.as_bytes())
        subtype = MIME_SUBTYPES[delivery.audio]
        mail.add_attachment(_MARKER, maintype="audio", subtype=subtype, filename=file_name)
        # The last of them is the attachment: a caller's name may hold the marker, too.
        beginning, _, ending = mail.as_bytes().rpartition(base64_lines(_MARKER))
        return MailContent(beginning, ending)

    def _link(self, message: VoicemailMessage) -> str:
        """Return where the portal plays the message, nothing if its address is not known."""
        if not self._public_url:
            return ""
        query = urlencode({"message": f"{message.mailbox}-{message.msg_id}"})
        return f"{self._public_url}/voicemail?{query}"


def voicemail_message_id(message: VoicemailMessage, sender: str) -> str:
    """Return the Message-ID, always the same for one message of one mailbox.

    The mailbox is part of it because Asterisk gives copies of a message one msg_id. It is how a
    mail server or a mail program knows a duplicate (RFC 5322, 3.6.4).
    """
    return new_message_id(f"voicemail.{message.msg_id}.{message.mailbox}", sender)
