"""A bus that also remembers everything that was published."""

from pbxbridge.events import EndpointStateChanged, Event, EventBus
from pbxbridge.mirror.endpoint import Status


class RecordingBus(EventBus):
    """``published`` holds the events in order; clear it at will."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Event] = []

    def publish(self, event: Event) -> None:
        self.published.append(event)
        super().publish(event)

    def statuses(self) -> list[tuple[str, Status]]:
        """Return endpoint and status of every published state."""
        return [
            (event.state.endpoint, event.state.status)
            for event in self.published
            if isinstance(event, EndpointStateChanged)
        ]
