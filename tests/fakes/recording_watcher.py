"""A watcher of a mirror that remembers everything that it was told."""

from collections.abc import Sequence

from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.link_state import LinkState


class RecordingWatcher:
    """What was told, in order, and by which ``nodes``; clear it at will."""

    def __init__(self) -> None:
        self.states: list[EndpointState] = []
        self.links: list[LinkState] = []
        self.mailboxes: list[tuple[str, str]] = []
        self.gone: list[str] = []
        self.nodes: set[str] = set()

    def states_changed(self, node: str, states: Sequence[EndpointState]) -> None:
        self.nodes.add(node)
        self.states += states

    def link_changed(self, node: str, link: LinkState) -> None:
        self.nodes.add(node)
        self.links.append(link)

    def mailbox_changed(self, node: str, mailbox: str, context: str) -> None:
        self.nodes.add(node)
        self.mailboxes.append((mailbox, context))

    def untracked(self, node: str, number: str) -> None:
        self.nodes.add(node)
        self.gone.append(number)

    def statuses(self) -> list[tuple[str, Status]]:
        """Return endpoint and status of every state that was told."""
        return [(state.endpoint, state.status) for state in self.states]
