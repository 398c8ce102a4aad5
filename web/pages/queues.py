"""The Queues screen: numbers whose callers wait, and who takes their calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from pbxbridge.services.call_centre.inputs import QueueInput
from pbxbridge.services.calling.records import Records, Stored
from pbxbridge.services.usages import Usage
from web.portal import Portal
from web.record_screen import RecordScreen

STRATEGIES: Mapping[str, str] = {
    "ringall": "Ring all who are free",
    "leastrecent": "Who had no call for longest",
    "fewestcalls": "Who had the fewest calls",
    "rrmemory": "In turn, from the last one on",
    "rrordered": "In turn, as they logged in",
    "linear": "Always who logged in first",
    "random": "At random",
    "wrandom": "At random, by penalty",
}

_OR_NONE = frozenset({"wrap_up", "max_wait", "announce_every"})


class _Queues(RecordScreen):
    path = "/queues"
    input = QueueInput
    title = "Queues"
    about = (
        "A number whose callers wait, with music, until somebody is free. Agents take its calls "
        "while they are logged in, extensions always."
    )
    loses = "Callers who wait are lost, and its number leads nowhere."
    columns = 8
    texts = (
        "number",
        "strategy",
        "timeout",
        "wrap_up",
        "music",
        "max_wait",
        "fallback",
        "announce_every",
        "service_level",
        "agents",
        "extensions",
    )
    ticks = ("join_empty",)

    def records(self, portal: Portal) -> Records[Any, Any]:
        return portal.queues

    async def choices(self, _portal: Portal) -> Mapping[str, object]:
        return {"strategies": list(STRATEGIES.items())}

    def _control(self, name: str, value: object) -> object:
        # None of these is 0: it means that there is no such time.
        return "" if value == 0 and name in _OR_NONE else super()._control(name, value)

    async def also(self, _portal: Portal, record: Stored[Any]) -> object:
        return STRATEGIES.get(record.fields.strategy, record.fields.strategy)

    async def usages(self, portal: Portal, record: Stored[Any]) -> Sequence[Usage]:
        found = []
        if waiting := len(portal.queue_board.waiting(record.name)):
            callers = "One caller waits" if waiting == 1 else f"{waiting} callers wait"
            found.append(Usage("waiting", f"{callers} in it now."))
        members = [*record.fields.agents, *record.fields.extensions]
        if members:
            # Other members than those that were shown are asked about again.
            key = f"members:{record.version}"
            found.append(Usage(key, f"Its calls are taken by {_some(members)}."))
        return found


def _some(members: Sequence[str]) -> str:
    shown = ", ".join(each.partition(":")[0] for each in members[:10])
    return f"{shown} and {len(members) - 10} more" if members[10:] else shown


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return _Queues().routes()
