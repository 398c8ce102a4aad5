"""Who is told what a mirror sees."""

from collections.abc import Sequence
from typing import Protocol

from pbxbridge.mirror.endpoint import EndpointState
from pbxbridge.mirror.link_state import LinkState


class MirrorWatcher(Protocol):
    """Told of every change, in order; ``node`` names the mirror's Asterisk. Must not block."""

    def states_changed(self, node: str, states: Sequence[EndpointState]) -> None:
        """Take in states that are other than before; one endpoint may be among them twice."""

    def link_changed(self, node: str, link: LinkState) -> None:
        """Take in that the node's states are fresh from now on, or old."""

    def mailbox_changed(self, node: str, mailbox: str, context: str) -> None:
        """Take in that the messages of a mailbox changed."""

    def untracked(self, node: str, number: str) -> None:
        """Take in that an endpoint is followed no more: it is gone."""
