"""A voicemail relay on a store, as the bridge wires it."""

from __future__ import annotations

from pbxbridge.events import EventBus
from pbxbridge.mail.voicemail_mail import VoicemailMails
from pbxbridge.services.voicemail.mail_storing import MailStoring
from pbxbridge.services.voicemail.relay import VoicemailRelay
from pbxbridge.services.voicemail.store import MessageStore

SENDER = "voicemail@pbx.local"


def relay_for(
    bus: EventBus,
    store: MessageStore,
    *,
    sweep_seconds: float = 3600.0,
    sender: str = SENDER,
    public_url: str = "https://pbx.example.org",
) -> VoicemailRelay:
    """Return a relay whose mails have that sender."""
    mails = VoicemailMails(sender=sender, public_url=public_url)
    return VoicemailRelay(bus, store, MailStoring(bus, store, mails), sweep_seconds=sweep_seconds)
