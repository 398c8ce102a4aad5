"""Phones: calls by ARI, invitations, desk phones' configuration, wired by hand.

A part of the composition root (service.py).
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta

from pbxbridge.asterisk.ari_link import AriLink
from pbxbridge.asterisk.phone_actions import check_sync
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.call_board import CallBoard
from pbxbridge.nodes.links import NodeLinks
from pbxbridge.phones.makes import Makes
from pbxbridge.phones.variables import Server
from pbxbridge.services.desk_phones.addresses import Addresses
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.desk_phones.files import PhoneFiles, server_of
from pbxbridge.services.desk_phones.resync import Resync
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.claiming import Claiming
from pbxbridge.services.invitations.expiry import Expiry
from pbxbridge.services.invitations.invitations import Invitations, Terms
from pbxbridge.services.invitations.softphone import Softphone
from pbxbridge.services.phone_calls import PhoneCalls
from pbxbridge.services.sip_secrets import SipSecrets
from pbxbridge.settings import Settings


class PhoneParts:
    """What the rest of the bridge needs of it."""

    def __init__(  # noqa: PLR0913 - what these parts work with
        self,
        settings: Settings,
        bus: EventBus,
        board: Board,
        links: NodeLinks,
        extensions: Extensions,
        secrets: SipSecrets,
        makes: Makes,
    ) -> None:
        """``links`` lead to each node's AMI, ``board`` knows where an endpoint is registered."""
        nodes = settings.by_node()
        self._bus = bus
        self._call_board = CallBoard(nodes)
        self._ari = {
            name: AriLink(
                name, node, self._call_board, self._tell_calls, settings.asterisk.ring_prompt
            )
            for name, node in nodes.items()
        }
        self.calls = PhoneCalls(extensions, self._call_board, self._ari, board)

        async def notify(node: str, endpoint: str, event: str) -> None:
            await check_sync(links.to(node), endpoint, event)

        server = server_of(settings.phones, settings.web.public_url)
        self.desk_phones = DeskPhones(
            makes,
            Addresses(settings.web.public_url, makes),
            PhoneFiles(makes, secrets, server),
            Resync(makes, board, notify),
        )
        self.invitations = Invitations(bus, _terms_of(settings, makes, server))
        self.claiming = Claiming(bus, extensions, self.invitations.fits)
        self._expiry = Expiry(bus)

    def background(self) -> dict[str, Coroutine[None, None, None]]:
        """Return what every bridge runs, by task name."""
        return {
            "invitation-expiry": self._expiry.run(),
            **{f"ari-{name}": link.run() for name, link in self._ari.items()},
        }

    def _tell_calls(self) -> None:
        if changes := self._call_board.take_changes():
            self._bus.publish(changes)


def _terms_of(settings: Settings, makes: Makes, server: Server | None) -> Terms:
    said = settings.invitation
    return Terms(
        sender=settings.smtp.sender,
        public_url=settings.web.public_url,
        valid=timedelta(hours=said.valid_hours),
        is_softphone=makes.is_softphone,
        softphone=Softphone(said.application, said.download_url, server),
    )
