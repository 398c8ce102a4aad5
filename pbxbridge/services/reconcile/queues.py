"""The rows of queues, their static members, and agents: what is wrong with them, and repair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient

from dialplan.extension_row import CONTEXT
from dialplan.queue_rows import AGENTS
from pbxbridge.models.call_centre import Agent, CallQueue
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import DialplanRow, Queue, QueueMember
from pbxbridge.services.call_centre.queue_rows import (
    wanted_agent_rows,
    wanted_queue_rows,
    write_agent_rows,
    write_queues,
)
from pbxbridge.services.notify import notify
from pbxbridge.services.reconcile.drift import Drift, Fault, Kind, RowDrift, WantedRow, compare
from pbxbridge.services.reconcile.extensions import read_dialplan, step_key
from pbxbridge.services.transfer.rows import StoredRows


async def queue_drift(connection: BaseDBAsyncClient) -> list[Drift]:
    """Return what is wrong with the rows of queues and agents."""
    return [*await _queues(connection), *await _agents(connection)]


async def repair_queues(transaction: TransactionalDBClient, drifts: Sequence[Drift]) -> None:
    """Write the rows of these queues and agents as they should be."""
    queues = [drift.name for drift in drifts if drift.kind is Kind.QUEUE]
    await write_queues(transaction, queues)
    for name in queues:
        await notify(transaction, NoticeKind.REREAD_QUEUE, name)
    agents = [drift.name for drift in drifts if drift.kind is Kind.AGENT]
    await write_agent_rows(transaction, agents)


async def _queues(connection: BaseDBAsyncClient) -> list[Drift]:
    queues = await CallQueue.all().using_db(connection).order_by("name")
    numbers = await read_dialplan(connection, CONTEXT, [queue.number for queue in queues])
    stored: StoredRows = {
        **numbers,
        **{(Queue, (row["name"],)): row for row in await Queue.all().using_db(connection).values()},
        **{
            (QueueMember, (row["queue_name"], row["interface"])): row
            for row in await QueueMember.all().using_db(connection).values()
        },
    }
    found = []
    for queue in queues:
        wanted: list[WantedRow] = list(await wanted_queue_rows(queue, connection))
        keys = {(model, tuple(key.values())) for model, key, _ in wanted}
        surplus = [
            RowDrift(model, _key(model, row), Fault.SURPLUS)
            for (model, key), row in stored.items()
            if (model, key) not in keys and _is_of(queue, model, row)
        ]
        if drifts := (*compare(wanted, stored), *surplus):
            found.append(Drift(Kind.QUEUE, queue.name, drifts))
    return found


async def _agents(connection: BaseDBAsyncClient) -> list[Drift]:
    agents = await Agent.all().using_db(connection).order_by("number")
    stored = await read_dialplan(connection, AGENTS, [agent.number for agent in agents])
    found = []
    for agent in agents:
        rows = await wanted_agent_rows(agent, connection)
        wanted: list[WantedRow] = [(DialplanRow, step_key(row), row) for row in rows]
        keys = {tuple(key.values()) for _, key, _ in wanted}
        surplus = [
            RowDrift(DialplanRow, step_key(row), Fault.SURPLUS)
            for (_, key), row in stored.items()
            if row["exten"] == agent.number and key not in keys
        ]
        if drifts := (*compare(wanted, stored), *surplus):
            found.append(Drift(Kind.AGENT, agent.number, drifts))
    return found


def _is_of(queue: CallQueue, model: object, row: Mapping[str, Any]) -> bool:
    if model is QueueMember:
        return bool(row["queue_name"] == queue.name)
    return model is DialplanRow and bool(row["exten"] == queue.number)


def _key(model: object, row: Mapping[str, Any]) -> dict[str, Any]:
    if model is QueueMember:
        return {"queue_name": row["queue_name"], "interface": row["interface"]}
    return step_key(row)
