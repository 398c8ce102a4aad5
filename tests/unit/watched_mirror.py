"""A mirror with two endpoints, and what it told."""

from __future__ import annotations

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.mirror import Mirror
from tests.fakes.recording_watcher import RecordingWatcher

URI = "sip:1001@127.0.0.1:5062"


class Watched:
    """A mirror with two tracked endpoints, 1002 of them not monitored, and what it told."""

    def __init__(self) -> None:
        self.watcher = RecordingWatcher()
        self.mirror = Mirror("asterisk", self.watcher)
        self.mirror.track("1001", monitored=True)
        self.mirror.track("1002", monitored=False)

    def report(self, status: str, aor: str = "1001", uri: str = URI) -> None:
        self.mirror.contact_changed(ContactReport(aor, uri, status, "2000"))
        self.mirror.flush()

    def item(self, status: str, aor: str = "1001") -> None:
        self.mirror.snapshot_item(ContactReport(aor, URI, status, "2000"))

    async def snapshot(self, *items: tuple[str, str]) -> None:
        self.mirror.snapshot_begin()
        for aor, status in items:
            self.item(status, aor)
        await self.mirror.snapshot_end()

    def give_up(self) -> None:
        self.report("Unreachable")
        self.report("Removed")

    def told(self) -> list[EndpointState]:
        """Return the states that were told since the last look."""
        self.mirror.flush()
        told, self.watcher.states = self.watcher.states, []
        return told

    def statuses(self) -> list[tuple[str, Status]]:
        return [(state.endpoint, state.status) for state in self.told()]
