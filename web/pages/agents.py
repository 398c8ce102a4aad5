"""The Agents screen: who takes calls of queues, and what they dial to log in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from pbxbridge.mirror.queue_board import Presence
from pbxbridge.services.call_centre.inputs import AgentInput
from pbxbridge.services.calling.records import Records, Stored
from pbxbridge.services.usages import Usage
from web.agent_words import state_words
from web.portal import Portal
from web.record_screen import RecordScreen, Row


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a row shows of an agent besides what was typed."""

    is_manager: bool
    queues: Sequence[str]
    presence: Presence | None


class _Agents(RecordScreen):
    path = "/agents"
    input = AgentInput
    title = "Agents"
    about = (
        "People who take calls of queues. An agent logs in by dialling *45 at any phone whose "
        "extension allows it, with number and PIN."
    )
    loses = "The agent can log in no more."
    columns = 7
    key_label = "Number"
    texts = ("first_name", "last_name", "pin", "user")
    list_page = "agents/list.html"

    def records(self, portal: Portal) -> Records[Any, Any]:
        return portal.agents

    async def rows(self, portal: Portal, records: Sequence[Stored[Any]]) -> list[Row]:
        agents, board = portal.agents, portal.queue_board
        queues = await agents.queues_by_agent([record.name for record in records])
        return [
            Row(record, _Shown(agents.is_manager(number), queues[number], board.agent(number)))
            for record in records
            for number in [record.name]
        ]

    async def around(self, portal: Portal) -> Mapping[str, object]:
        return {"licence": await portal.agents.licence()}

    async def usages(self, portal: Portal, record: Stored[Any]) -> Sequence[Usage]:
        number = record.name
        found = [
            Usage(f"queue:{name}", f"Agent {number} takes calls of queue {name}.")
            for name in await portal.agents.queues_of(number)
        ]
        if presence := portal.queue_board.agent(number):
            words = state_words(presence)
            sentence = f"Agent {number} is logged in at {presence.number}: {words}."
            found.append(Usage(f"login:{presence.number}", sentence))
        return found


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return _Agents().routes()
