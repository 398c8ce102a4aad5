"""What Asterisk must be told after a save, beyond the rows it reads by itself."""

from __future__ import annotations

import json
from typing import Protocol

from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.asterisk.sorcery_cache import CACHES, EXPIRE, EXPIRE_OBJECT, NOT_CACHED
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.models.outbox import NoticeKind


class Link(Protocol):
    """Whatever carries AMI actions; see AmiLink.action."""

    async def action(self, name: str, /, **fields: str) -> AmiResponse:
        """Have Asterisk do something and return its answer."""


async def tell(link: Link, kind: NoticeKind, subject: str) -> None:
    """Deliver one notice; telling twice does no harm.

    ``subject`` is the AOR for REFRESH_QUALIFY and FORGET_CONTACTS, the IAX2 peer for FORGET_PEER,
    ``box@context`` for FORGET_MAILBOX, the object's id for EXPIRE_ENDPOINT, EXPIRE_AUTH and
    EXPIRE_AOR, and not used for the reloads and EXPIRE_CACHES. Raises AsteriskUnavailable when the
    notice was not delivered.
    """
    match kind:
        case NoticeKind.RELOAD_DIALPLAN:
            # A new context of ast_config is seen after this and not before.
            _expect(await link.action("Reload", Module="pbx_config.so"))
        case NoticeKind.REFRESH_QUALIFY:
            await _refresh_qualify(link, subject)
        case NoticeKind.FORGET_CONTACTS:
            await _forget_contacts(link, subject)
        case NoticeKind.FORGET_MAILBOX:
            mailbox, _, context = subject.partition("@")
            _expect(await link.action("VoicemailRefresh", Mailbox=mailbox, Context=context))
        case NoticeKind.RELOAD_PEERS:
            await reload_peers(link)
        case NoticeKind.FORGET_PEER:
            await forget_peer(link, subject)
        case NoticeKind.RELOAD_TRUNKS:
            # A fixed contact is qualified from here on and not before: nothing smaller in AMI makes
            # Asterisk 22 look at an AOR that no device registers with.
            _expect(await link.action("Reload", Module="res_pjsip.so"))
        case NoticeKind.RELOAD_REGISTRATIONS:
            _expect(await link.action("Reload", Module="res_pjsip_outbound_registration.so"))
        case NoticeKind.EXPIRE_CACHES:
            for cache in CACHES.values():
                _expect_uncached(await link.action(EXPIRE, Cache=cache))
        case NoticeKind.EXPIRE_ENDPOINT | NoticeKind.EXPIRE_AUTH | NoticeKind.EXPIRE_AOR:
            _expect_uncached(await link.action(EXPIRE_OBJECT, Cache=CACHES[kind], Object=subject))


async def _refresh_qualify(link: Link, aor: str) -> None:
    """Have the device asked now; a changed qualify_frequency holds from its next REGISTER.

    Nothing in AMI makes Asterisk 22 read it earlier, save a reload of res_pjsip.so, which with
    10,000 AORs stops qualify and events for 12 s and makes phones look unreachable, or the CLI's
    ``pjsip reload qualify aor``, for which the login would need the right to run any command.
    """
    asked = await link.action("PJSIPQualify", Endpoint=aor)
    if not asked.message.startswith("Unable to retrieve endpoint"):  # deleted meanwhile
        _expect(asked)


async def _forget_contacts(link: Link, aor: str) -> None:
    """Let the AOR's registrations expire.

    Without its rows a device can't register again, but Asterisk would go on sending calls to the
    old contact if the number is given out anew. Deleting the contact from astdb is too little:
    pjsip_options.c goes on qualifying it. An expired one is removed by the registrar everywhere,
    within contact_expiration_check_interval (30 s by default), and ContactStatus says so.
    """
    contacts = _expect(await link.action("PJSIPShowRegistrationInboundContactStatuses"))
    for contact in contacts.items:
        if contact.get("AOR") == aor:
            key, value = contact["ID"], _expired(contact)
            _expect(await link.action("DBPut", Family="registrar/contact", Key=key, Val=value))


async def reload_peers(link: Link) -> None:
    """Have Asterisk read the IAX2 extensions anew.

    A secret, context, name or qualify that was changed holds from here on, a new friend may
    register and one that is gone may not. Registrations, calls and the watch over devices go on
    (see asterisk-test-config/etc/iax.conf).
    """
    _expect(await link.action("Reload", Module="chan_iax2.so"))


async def forget_peer(link: Link, peer: str) -> None:
    """Have Asterisk drop an IAX2 extension whose row is gone, and where its device was.

    The address outlives the peer in Asterisk's database, and a later peer of that name would
    start with it. Not before the reload: a peer that is still there may write it once more.
    """
    await reload_peers(link)
    # One that never registered is not there, which DBDel calls an error.
    await link.action("DBDel", Family="IAX/Registry", Key=peer)
    left = await link.action("DBGet", Family="IAX/Registry", Key=peer)
    if left.success:
        raise AsteriskUnavailable(f"Asterisk did not forget where IAX2 peer {peer} was.")


def _expired(contact: AmiEvent) -> str:
    """Return the contact as res_sorcery_astdb stores it, expired in 1970."""
    return json.dumps(
        {"uri": contact["URI"], "endpoint": contact["EndpointName"], "expiration_time": "1"}
    )


def _expect_uncached(response: AmiResponse) -> None:
    if response.message not in NOT_CACHED:
        _expect(response)


def _expect(response: AmiResponse) -> AmiResponse:
    if not response.success:
        raise AsteriskUnavailable(f"Asterisk answered: {response.message}.")
    return response
