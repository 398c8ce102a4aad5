"""Queues: numbers whose callers wait, with Asterisk's rows of them and of their static members."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Invalid
from pbxbridge.events import CallCentreSaved, OutboxChanged
from pbxbridge.models.call_centre import Agent, CallQueue, QueueAgent, QueueExtension
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.services.call_centre.inputs import QueueInput, as_typed, penalties
from pbxbridge.services.call_centre.queue_rows import (
    erase_queue,
    write_agent_rows,
    write_queues,
)
from pbxbridge.services.calling.forwards import FEW
from pbxbridge.services.calling.inbound import move_unknown_did
from pbxbridge.services.calling.numbered import erase_number, senders_to, wrong_numbers
from pbxbridge.services.calling.records import Records, Stored
from pbxbridge.services.device_types import device_of
from pbxbridge.services.extension_input import SIP_TYPES
from pbxbridge.services.notify import notify, notify_of_all

# What lies in the queue's row under its own name.
_COLUMNS = (
    "name",
    "number",
    "strategy",
    "timeout",
    "wrap_up",
    "music",
    "max_wait",
    "announce_every",
    "service_level",
    "join_empty",
    "fallback",
)
_MEMBERS = "agents", "extensions__extension"
# Asterisk keeps the members in order only of a queue that it learnt of with such a strategy
# (init_queue of app_queue.c), and leaves a queue as it is that becomes linear.
_IN_ORDER = frozenset({"linear", "rrordered"})


class Queues(Records[CallQueue, QueueInput]):
    """The queues, by name."""

    model = CallQueue
    input = QueueInput
    what = "queue"
    events = (CallCentreSaved(), OutboxChanged())

    async def users_of(
        self, name: str, transaction: TransactionalDBClient | None = None
    ) -> list[str]:
        """Return what sends calls to the number."""
        row = await self._find(name, transaction)
        return await senders_to(row.number, transaction)

    async def wrap_ups(self) -> Mapping[str, int]:
        """Return how long each queue leaves its members alone after a call, in seconds."""
        return dict(await CallQueue.all().values_list("name", "wrap_up"))

    async def all(self) -> list[Stored[QueueInput]]:
        """Return all, by name."""
        rows = await CallQueue.all().order_by("name").prefetch_related(*_MEMBERS)
        return [self._stored(row) for row in rows]

    async def _find(self, name: str, transaction: TransactionalDBClient | None = None) -> CallQueue:
        row = await super()._find(name, transaction)
        await row.fetch_related(*_MEMBERS, using_db=transaction)
        return row

    def _fields(self, row: CallQueue) -> Mapping[str, Any]:
        agents = {each.agent_id: each.penalty for each in row.agents}
        members = {each.extension.number: each.penalty for each in row.extensions}
        return {
            **{name: getattr(row, name) for name in _COLUMNS},
            "agents": as_typed(sorted(agents.items(), key=_in_dialling_order)),
            "extensions": as_typed(sorted(members.items(), key=_in_dialling_order)),
        }

    async def _check(
        self, transaction: TransactionalDBClient, wanted: QueueInput, row: CallQueue | None
    ) -> None:
        before = row.number if row else None
        wrong = await wrong_numbers(transaction, wanted.number, wanted.fallback, before)
        if row and wanted.strategy != row.strategy and wanted.strategy in _IN_ORDER:
            wrong["strategy"] = (
                "Asterisk cannot give this strategy to a queue that is there already: create "
                "another one with it."
            )
        agents = Agent.filter(number__in=[*penalties(wanted.agents), ""]).using_db(transaction)
        known = set(await agents.values_list("number", flat=True))
        if unknown := penalties(wanted.agents).keys() - known:
            wrong["agents"] = f"There is no agent {', '.join(sorted(unknown)[:FEW])}."
        if why := await _wrong_extensions(transaction, penalties(wanted.extensions)):
            wrong["extensions"] = why
        if wrong:
            raise Invalid(wrong)

    async def _write(
        self,
        transaction: TransactionalDBClient,
        row: CallQueue,
        wanted: QueueInput,
        before: QueueInput | None,
    ) -> None:
        if before and before.number != wanted.number:
            await erase_number(transaction, before.number)
            await move_unknown_did(transaction, before.number, wanted.number)
        for name in _COLUMNS:
            setattr(row, name, getattr(wanted, name))
        row.version += before is not None
        await row.save(using_db=transaction, force_create=before is None)
        was = penalties(before.agents) if before else {}
        agents = penalties(wanted.agents)
        if was != agents:
            await _write_agents(transaction, row.name, agents)
            await _tell_agents(transaction, {number for number, _ in was.items() ^ agents.items()})
        if penalties(before.extensions if before else ()) != penalties(wanted.extensions):
            await _write_extensions(transaction, row.name, penalties(wanted.extensions))
        await write_queues(transaction, [row.name])
        await notify(transaction, NoticeKind.REREAD_QUEUE, row.name)
        await row.fetch_related(*_MEMBERS, using_db=transaction)

    async def _deleted(self, transaction: TransactionalDBClient, before: QueueInput) -> None:
        await erase_queue(transaction, before.name, before.number)
        await _tell_agents(transaction, penalties(before.agents))
        await notify(transaction, NoticeKind.REREAD_QUEUE, before.name)


def _in_dialling_order(member: tuple[str, int]) -> tuple[int, str]:
    return len(member[0]), member[0]


async def _write_agents(
    transaction: TransactionalDBClient, queue: str, agents: Mapping[str, int]
) -> None:
    await QueueAgent.filter(queue_id=queue).using_db(transaction).delete()
    rows = [
        QueueAgent(queue_id=queue, agent_id=number, penalty=penalty)
        for number, penalty in agents.items()
    ]
    await QueueAgent.bulk_create(rows, using_db=transaction)


async def _write_extensions(
    transaction: TransactionalDBClient, queue: str, members: Mapping[str, int]
) -> None:
    await QueueExtension.filter(queue_id=queue).using_db(transaction).delete()
    named = Extension.filter(number__in=[*members, ""]).using_db(transaction)
    rows = [
        QueueExtension(queue_id=queue, extension_id=id_, penalty=members[number])
        for id_, number in await named.values_list("id", "number")
    ]
    await QueueExtension.bulk_create(rows, using_db=transaction)


async def _tell_agents(transaction: TransactionalDBClient, numbers: Collection[str]) -> None:
    """Have these agents log in to other queues from now on, at once if they are logged in."""
    await write_agent_rows(transaction, numbers)
    await notify_of_all(transaction, NoticeKind.PLACE_AGENT, sorted(numbers))


async def _wrong_extensions(transaction: TransactionalDBClient, members: Mapping[str, int]) -> str:
    named = Extension.filter(number__in=[*members, ""]).using_db(transaction)
    found = {row.number: row for row in await named}
    if unknown := members.keys() - found.keys():
        return f"There is no extension {', '.join(sorted(unknown)[:FEW])}."
    if without := [number for number, row in found.items() if not device_of(row)]:
        return f"Extension {sorted(without)[0]} has no device that could ring."
    if unseen := [number for number, row in found.items() if not _is_seen(row)]:
        return (
            f"Switch on Monitor status of extension {sorted(unseen)[0]}: of a phone that is not "
            "asked Asterisk does not know that it is there, and sends it no calls of queues."
        )
    return ""


def _is_seen(row: Extension) -> bool:
    """Whether Asterisk knows the state of the device (app_queue asks for it before each call)."""
    return row.monitored or row.device_type not in SIP_TYPES
