"""The queues as they are now: what Asterisk says of them, with what is stored and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from pbxbridge.events import CallCentreSaved, Event, EventBus, Overflowed, QueuesChanged
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.call_centre import Agent, CallQueue, QueueAgent
from pbxbridge.services.call_centre.day_totals import DayTotals
from pbxbridge.services.call_centre.queue_view import QueueFacts, QueueView, view_of


class Wallboard:
    """Views of queues, made once for all who watch."""

    def __init__(self, bus: EventBus, board: QueueBoard, totals: DayTotals) -> None:
        self._bus = bus
        self._board = board
        self.totals = totals
        # What is remembered holds until an event says otherwise, so only while those are heard.
        self._is_following = False
        self._facts: Mapping[str, QueueFacts] | None = None
        self._saves = 0
        self._views: dict[str, QueueView] = {}

    @property
    def unheard(self) -> Mapping[str, LinkState]:
        """The nodes whose queues are shown as they were, and since when."""
        return self._board.unheard

    async def queues(self, names: Collection[str] | None = None) -> list[QueueView]:
        """Return these queues, None for all, by name; one that is none is left out."""
        facts = await self._known()
        wanted = facts if names is None else sorted(facts.keys() & set(names))
        return [self._view(facts[name]) for name in wanted]

    async def run(self) -> None:
        """Notice what changed, for ever.

        A stream asks for views a turn of the event loop after it heard why: by then this has too.
        """
        with self._bus.subscribe() as subscription:
            self._is_following = True
            try:
                async for event in subscription:
                    self._note(event)
            finally:
                self._is_following = False
                self._forget()

    def _note(self, event: Event) -> None:
        match event:
            case QueuesChanged(frozenset() as queues):
                for name in queues:
                    self._views.pop(name, None)
            case QueuesChanged(None):
                self._views = {}
            case CallCentreSaved() | Overflowed():
                self._forget()

    def _forget(self) -> None:
        self._facts, self._views = None, {}
        self._saves += 1

    def _view(self, facts: QueueFacts) -> QueueView:
        name = facts.name
        if view := self._views.get(name):
            return view
        board, totals = self._board, self.totals.of(name)
        view = view_of(facts, board.waiting(name), board.members_of(name), totals)
        if self._is_following and self._facts and self._facts.get(name) is facts:
            self._views[name] = view
        return view

    async def _known(self) -> Mapping[str, QueueFacts]:
        if self._facts is not None:
            return self._facts
        saves, facts = self._saves, await _read()
        if self._is_following and self._saves == saves:
            self._facts = facts
        return facts


async def _read() -> dict[str, QueueFacts]:
    """Return what is stored of all queues, by name."""
    rows = await Agent.all().values_list("number", "first_name", "last_name")
    names = {str(number): f"{first} {last}" for number, first, last in rows}
    agents: dict[str, dict[str, str]] = defaultdict(dict)
    for queue, number in await QueueAgent.all().values_list("queue_id", "agent_id"):
        agents[queue][number] = names.get(number, "")
    found = await CallQueue.all().order_by("name").values_list("name", "number", "service_level")
    return {name: QueueFacts(name, number, level, agents[name]) for name, number, level in found}
