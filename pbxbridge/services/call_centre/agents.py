"""Agents: who they are, and the rows by which they log in at a phone."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient

from dialplan.pin import pin_hash
from pbxbridge.errors import Invalid
from pbxbridge.events import CallCentreSaved, EventBus, OutboxChanged
from pbxbridge.models.call_centre import Agent, QueueAgent
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.people import User
from pbxbridge.services.call_centre.inputs import AgentInput
from pbxbridge.services.call_centre.queue_rows import write_agent_rows
from pbxbridge.services.calling.records import Records, Stored
from pbxbridge.services.licences import AGENTS, Licences, LicenceView
from pbxbridge.services.notify import notify


class Agents(Records[Agent, AgentInput]):
    """The agents, by their numbers."""

    model = Agent
    input = AgentInput
    what = "agent"
    key = "number"
    write_only = frozenset({"pin"})
    events = (CallCentreSaved(), OutboxChanged())

    def __init__(self, bus: EventBus, total: int | None, managers: Collection[str]) -> None:
        """Allow ``total`` agents, None for no limit; ``managers`` are their numbers."""
        super().__init__(bus)
        self._licences = Licences(total, AGENTS)
        self._managers = frozenset(managers)

    def is_manager(self, number: str) -> bool:
        """Whether the licence makes this agent a manager."""
        return number in self._managers

    async def licence(self) -> LicenceView:
        """Return how many agents there are, and may be."""
        return await self._licences.view()

    async def agent_of(self, login: str) -> str | None:
        """Return the number of the agent that a user of the portal is, None for no agent."""
        found = await Agent.filter(user__login=login).first()
        return found.number if found else None

    async def names(self) -> Mapping[str, str]:
        """Return every agent's name by number."""
        rows = await Agent.all().values_list("number", "first_name", "last_name")
        return {number: f"{first} {last}" for number, first, last in rows}

    async def queues_of(self, number: str) -> list[str]:
        """Return the queues of which an agent takes calls."""
        return (await self.queues_by_agent([number]))[number]

    async def queues_by_agent(self, numbers: Sequence[str]) -> Mapping[str, list[str]]:
        """Return the same of several agents."""
        found: dict[str, list[str]] = {number: [] for number in numbers}
        rows = QueueAgent.filter(agent_id__in=[*numbers, ""]).order_by("queue_id")
        for number, queue in await rows.values_list("agent_id", "queue_id"):
            found[number].append(queue)
        return found

    async def all(self) -> list[Stored[AgentInput]]:
        """Return all, the shorter numbers first, then digit by digit."""
        rows = await Agent.all().prefetch_related("user")
        return [self._stored(row) for row in sorted(rows, key=lambda a: (len(a.number), a.number))]

    async def users_of(
        self,
        name: str,  # noqa: ARG002 - nothing is in the way, see usages.py of this folder
        transaction: TransactionalDBClient | None = None,  # noqa: ARG002
    ) -> list[str]:
        """Return nothing: whoever deletes an agent is shown what ends with them."""
        return []

    async def _find(self, name: str, transaction: TransactionalDBClient | None = None) -> Agent:
        row = await super()._find(name, transaction)
        await row.fetch_related("user", using_db=transaction)
        return row

    def _fields(self, row: Agent) -> Mapping[str, Any]:
        return {
            "number": row.number,
            "first_name": row.first_name,
            "last_name": row.last_name,
            "pin": "",
            "user": row.user.login if row.user else "",
        }

    async def _check(
        self, transaction: TransactionalDBClient, wanted: AgentInput, row: Agent | None
    ) -> None:
        wrong: dict[str, str] = {}
        if row is None and not wanted.pin:
            wrong["pin"] = "Enter the PIN that the agent types to log in."
        if wanted.user and (why := await _wrong_user(transaction, wanted)):
            wrong["user"] = why
        if wrong:
            raise Invalid(wrong)
        if row is None:
            await self._licences.change(transaction, 1)

    async def _write(
        self,
        transaction: TransactionalDBClient,
        row: Agent,
        wanted: AgentInput,
        before: AgentInput | None,
    ) -> None:
        row.first_name, row.last_name = wanted.first_name, wanted.last_name
        if wanted.pin:
            row.pin_hash = pin_hash(wanted.pin, secrets.token_hex(4))
        user = await User.filter(login=wanted.user or "").using_db(transaction).first()
        row.user = user
        row.version += before is not None
        await row.save(using_db=transaction, force_create=before is None)
        await write_agent_rows(transaction, [row.number])

    async def _deleted(self, transaction: TransactionalDBClient, before: AgentInput) -> None:
        await write_agent_rows(transaction, [before.number])
        await notify(transaction, NoticeKind.PLACE_AGENT, before.number)
        await self._licences.change(transaction, -1)


async def _wrong_user(transaction: TransactionalDBClient, wanted: AgentInput) -> str:
    if not await User.filter(login=wanted.user).using_db(transaction).exists():
        return "There is no user of that name."
    others = Agent.filter(user__login=wanted.user).using_db(transaction)
    if other := await others.exclude(number=wanted.number).first():
        return f"This user is agent {other.number} already."
    return ""
