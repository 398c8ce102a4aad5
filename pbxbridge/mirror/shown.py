"""What the portal shows of an endpoint: its state, which node tells it, whether it is old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbxbridge.mirror.endpoint import EndpointState, Status


@dataclass(frozen=True, slots=True)
class ShownState:
    """An endpoint's state on the node where its device is; EndpointState tells of the fields.

    ``node`` is empty where there is only one, and where none tells anything. ``stale_since`` (UTC)
    is since when nothing is heard of that node, None while it is connected.
    """

    endpoint: str
    status: Status = Status.BLANK
    ip: str = ""
    port: int = 0
    rtt_ms: float | None = None
    user_agent: str = ""
    last_seen: datetime | None = None
    node: str = ""
    stale_since: datetime | None = None

    @property
    def takes_calls(self) -> bool:
        """Whether Asterisk would ring the device, as far as it is known.

        UNKNOWN is one that is not there any more, or for a moment one that has just registered.
        """
        return self.status in {Status.OK, Status.UNMONITORED}


def shown_state(state: EndpointState, node: str, stale_since: datetime | None) -> ShownState:
    """Return what is shown of a state that a node told."""
    return ShownState(
        state.endpoint,
        state.status,
        state.ip,
        state.port,
        state.rtt_ms,
        state.user_agent,
        state.last_seen,
        node,
        stale_since,
    )
