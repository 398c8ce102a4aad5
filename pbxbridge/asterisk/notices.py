"""What Asterisk must be told after a save, beyond the rows it reads by itself."""

from __future__ import annotations

from typing import Protocol

from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.models.portal import NoticeKind


class Link(Protocol):
    """Whatever carries AMI actions; see AmiLink.action."""

    async def action(self, name: str, /, **fields: str) -> AmiResponse:
        """Have Asterisk do something and return its answer."""


async def tell(link: Link, kind: NoticeKind, subject: str) -> None:
    """Deliver one notice; telling twice does no harm.

    ``subject`` is the AOR for REFRESH_QUALIFY and FORGET_CONTACTS, ``box@context`` for
    FORGET_MAILBOX, and not used for RELOAD_DIALPLAN. Raises AsteriskUnavailable when the notice
    was not delivered.
    """
    match kind:
        case NoticeKind.RELOAD_DIALPLAN:
            # A new context of ast_config is seen only after this. Reload of one module, since
            # there is no action ModuleReload.
            _expect(await link.action("Reload", Module="pbx_config.so"))
        case NoticeKind.REFRESH_QUALIFY:
            await _refresh_qualify(link, subject)
        case NoticeKind.FORGET_CONTACTS:
            await _forget_contacts(link, subject)
        case NoticeKind.FORGET_MAILBOX:
            mailbox, _, context = subject.partition("@")
            _expect(await link.action("VoicemailRefresh", Mailbox=mailbox, Context=context))


async def _refresh_qualify(link: Link, aor: str) -> None:
    await link.action("PJSIPQualify", Endpoint=aor)


async def _forget_contacts(link: Link, aor: str) -> None:
    contacts = _expect(await link.action("PJSIPShowRegistrationInboundContactStatuses"))
    for contact in contacts.items:
        if contact.get("AOR") == aor:
            # Refused only if the entry is gone already.
            await link.action("DBDel", Family="registrar/contact", Key=contact["ID"])


def _expect(response: AmiResponse) -> AmiResponse:
    if not response.success:
        raise AsteriskUnavailable(f"Asterisk answered: {response.message}.")
    return response
