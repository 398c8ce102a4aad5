"""A bus that also remembers everything that was published."""

from pbxbridge.events import Event, EventBus


class RecordingBus(EventBus):
    """``published`` holds the events in order; clear it at will."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Event] = []

    def publish(self, event: Event) -> None:
        self.published.append(event)
        super().publish(event)
