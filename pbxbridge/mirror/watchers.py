"""Several watchers of one mirror."""

from collections.abc import Sequence

from pbxbridge.mirror.endpoint import EndpointState
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.watcher import MirrorWatcher


class Watchers:
    """Tells each of them, in their order."""

    def __init__(self, *watchers: MirrorWatcher) -> None:
        self._watchers = watchers

    def states_changed(self, node: str, states: Sequence[EndpointState]) -> None:
        """Tell them."""
        for watcher in self._watchers:
            watcher.states_changed(node, states)

    def link_changed(self, node: str, link: LinkState) -> None:
        """Tell them."""
        for watcher in self._watchers:
            watcher.link_changed(node, link)

    def mailbox_changed(self, node: str, mailbox: str, context: str) -> None:
        """Tell them."""
        for watcher in self._watchers:
            watcher.mailbox_changed(node, mailbox, context)

    def untracked(self, node: str, number: str) -> None:
        """Tell them."""
        for watcher in self._watchers:
            watcher.untracked(node, number)
