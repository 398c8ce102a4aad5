"""The service of invitations as tests want it, and what an invited person does with the mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy

from pbxbridge.events import EventBus
from pbxbridge.models.outbox import MailKind, OutgoingMail
from pbxbridge.phones.variables import Server
from pbxbridge.services.invitations.invitations import Invitations, Terms
from pbxbridge.services.invitations.softphone import Softphone

SITE = "https://pbx.example.com"
DOWNLOAD = "https://example.com/intellaphone"
VALID = timedelta(hours=72)
MAKE = {"phone_make": "IntellaPhone", "phone_model": "IntellaPhone PC"}


def invitations_on(
    bus: EventBus, clock: Callable[[], datetime], *, public_url: str = SITE
) -> Invitations:
    """Return a service on the open database, for which IntellaPhone is the only softphone."""
    terms = Terms(
        sender="portal@pbx.local",
        public_url=public_url,
        valid=VALID,
        is_softphone=lambda make: make.casefold() == "intellaphone",
        softphone=Softphone(
            download_url=DOWNLOAD, registers_at=Server("pbx.example.com", 5060, "udp")
        ),
    )
    return Invitations(bus, terms, clock=clock)


def link_in(message: bytes) -> str:
    """Return the link that the mail has on a line of its own."""
    body = message_from_bytes(message, policy=policy.default).get_body()
    assert body is not None
    text = body.get_content().replace("\r", "")
    [link] = re.findall(r"^(https?://\S+/invitation/\S+)$", text, re.M)
    return str(link)


async def mailed_token(number: str = "1001") -> str:
    """Return the token of the link in the newest mail that still has its content."""
    mails = OutgoingMail.filter(kind=MailKind.INVITATION, mailbox=f"extension:{number}", size__gt=0)
    mail = await mails.order_by("-id").first()
    assert mail is not None
    return link_in(mail.message).rpartition("/")[2]
