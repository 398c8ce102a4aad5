"""The rows of queues and agents in Asterisk's tables: what they should be, and writing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.models import Model

from dialplan.queue_rows import AGENTS, REASONS, agent_rows, queue_row, reason_rows
from pbxbridge.models.call_centre import Agent, CallQueue, QueueAgent, QueueExtension
from pbxbridge.models.database import write_transaction
from pbxbridge.models.realtime import DialplanRow, Queue, QueueMember
from pbxbridge.realtime.rows import Columns, dialplan_columns
from pbxbridge.services.calling.numbered import erase_number
from pbxbridge.services.device_types import device_of
from pbxbridge.services.realtime_writer import RealtimeWriter

# A row as it should be: its table, the columns that it is known by, and all that are ours.
Wanted = tuple[type[Model], Columns, Columns]

# Between two rounds of ringing, in seconds.
_RETRY = 1
# Of whom a caller does not wait for anybody.
_NOBODY = "unavailable,invalid,unknown"


async def wanted_queue_rows(queue: CallQueue, connection: BaseDBAsyncClient) -> list[Wanted]:
    """Return the rows of a queue and its static members."""
    row = dialplan_columns(
        queue_row(
            queue.number, queue.name, queue.max_wait, queue.fallback, has_music=bool(queue.music)
        )
    )
    members = QueueExtension.filter(queue_id=queue.name).using_db(connection)
    held = await members.order_by("extension__sort_key").prefetch_related("extension")
    return [
        (Queue, {"name": queue.name}, queue_columns(queue)),
        (DialplanRow, _step(row), row),
        # Who has no device any more is a member that does not ring.
        *[wanted_member(queue.name, each) for each in held if device_of(each.extension)],
    ]


def wanted_member(queue: str, member: QueueExtension) -> Wanted:
    """Return the row of a static member, whose extension was read along."""
    device = device_of(member.extension)
    key: Columns = {"queue_name": queue, "interface": device}
    columns = {
        **key,
        "membername": member.extension.number,
        "state_interface": device,
        "penalty": member.penalty,
    }
    return QueueMember, key, columns


async def wanted_agent_rows(agent: Agent, connection: BaseDBAsyncClient) -> list[Columns]:
    """Return the rows by which an agent logs in."""
    return await _wanted_of_agents([agent], connection)


async def _wanted_of_agents(
    agents: Collection[Agent], connection: BaseDBAsyncClient
) -> list[Columns]:
    penalties: dict[str, dict[str, int]] = {agent.number: {} for agent in agents}
    queues = QueueAgent.filter(agent_id__in=[*penalties, ""]).using_db(connection)
    names = ("agent_id", "queue_id", "penalty")
    for number, queue, penalty in await queues.order_by("queue_id").values_list(*names):
        penalties[number][queue] = penalty
    return [
        dialplan_columns(row)
        for agent in agents
        for row in agent_rows(agent.number, agent.pin_hash, penalties[agent.number])
    ]


async def write_queues(transaction: TransactionalDBClient, names: Collection[str]) -> None:
    """Make the rows of these queues what they should be; of one that is gone there are none."""
    writer = RealtimeWriter(transaction, cached=False)
    for queue in await CallQueue.filter(name__in=list(names)).using_db(transaction):
        wanted = await wanted_queue_rows(queue, transaction)
        for model, key, columns in wanted:
            await writer.put(model, key, columns)
        devices = [key["interface"] for model, key, _ in wanted if model is QueueMember]
        members = QueueMember.filter(queue_name=queue.name).using_db(transaction)
        await members.exclude(interface__in=[*devices, ""]).delete()


async def erase_queue(transaction: TransactionalDBClient, name: str, number: str) -> None:
    """Remove the rows of a queue."""
    await Queue.filter(name=name).using_db(transaction).delete()
    await QueueMember.filter(queue_name=name).using_db(transaction).delete()
    await erase_number(transaction, number)


async def write_agent_rows(transaction: TransactionalDBClient, numbers: Collection[str]) -> None:
    """Make the rows of these agents what they should be; of one that is gone there are none."""
    agents = Agent.filter(number__in=[*numbers, ""]).using_db(transaction).order_by("number")
    wanted = await _wanted_of_agents(await agents, transaction)
    await _replace(transaction, AGENTS, wanted, exten__in=[*numbers, ""])


async def ensure_pause_reasons(reasons: Sequence[str]) -> None:
    """Write why agents may pause; does nothing where it is written."""
    wanted = [dialplan_columns(row) for row in reason_rows(reasons)]
    if await _stored(None, REASONS) != wanted:
        async with write_transaction() as transaction:
            await _replace(transaction, REASONS, wanted)


async def _replace(
    transaction: TransactionalDBClient,
    context: str,
    wanted: list[Columns],
    **which: Collection[str],
) -> None:
    """Write anew what is other than wanted of a number (an exten); the rest is not touched."""
    is_now = _by_number(await _stored(transaction, context, **which))
    to_be = _by_number(wanted)
    others = [exten for exten in is_now | to_be if is_now.get(exten) != to_be.get(exten)]
    if others:
        old = DialplanRow.filter(context=context, exten__in=others).using_db(transaction)
        await old.delete()
        rows = [DialplanRow(**columns) for exten in others for columns in to_be.get(exten, ())]
        await DialplanRow.bulk_create(rows, using_db=transaction)


def _by_number(rows: Iterable[Columns]) -> dict[str, list[Columns]]:
    found: dict[str, list[Columns]] = {}
    for row in rows:
        found.setdefault(str(row["exten"]), []).append(row)
    return found


async def _stored(
    connection: BaseDBAsyncClient | None, context: str, **which: Collection[str]
) -> list[Columns]:
    rows = DialplanRow.filter(context=context, **which).using_db(connection)
    names = ("context", "exten", "priority", "app", "appdata")
    return list(await rows.order_by("exten", "priority").values(*names))


def _step(row: Columns) -> Columns:
    return {name: row[name] for name in ("context", "exten", "priority")}


def queue_columns(queue: CallQueue) -> Columns:
    """Return the row of a queue in Asterisk's table."""
    return {
        "name": queue.name,
        "strategy": queue.strategy,
        # Without a class the caller hears a ringing tone (dialplan/queue_rows.py).
        "musiconhold": queue.music or "default",
        "timeout": queue.timeout,
        "retry": _RETRY,
        "wrapuptime": queue.wrap_up,
        "ringinuse": "no",
        "autofill": "yes",
        "joinempty": "yes" if queue.join_empty else _NOBODY,
        "leavewhenempty": "no" if queue.join_empty else _NOBODY,
        "servicelevel": queue.service_level,
        "announce_frequency": queue.announce_every,
        "announce_position": "yes" if queue.announce_every else "no",
        "announce_holdtime": "no",
    }
