"""Static members of queues when something becomes of their extensions."""

from __future__ import annotations

from collections.abc import Collection

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import F, Q

from pbxbridge.models.call_centre import CallQueue, QueueExtension
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import QueueMember
from pbxbridge.services.call_centre.queue_rows import write_queues
from pbxbridge.services.device_types import device_of
from pbxbridge.services.notify import notify
from pbxbridge.services.usages import Usage


async def queues_with(number: str, transaction: TransactionalDBClient | None = None) -> list[str]:
    """Return the queues that an extension is a static member of."""
    rows = QueueExtension.filter(extension__number=number).using_db(transaction)
    return [
        str(name) for name in await rows.order_by("queue_id").values_list("queue_id", flat=True)
    ]


async def queue_usages(
    number: str, transaction: TransactionalDBClient | None = None
) -> list[Usage]:
    """Return what queues have to do with an extension."""
    found = [
        Usage(f"queue-member:{name}:{number}", f"{number} is a static member of queue {name}.")
        for name in await queues_with(number, transaction)
    ]
    for queue in await CallQueue.filter(fallback=number).using_db(transaction).order_by("name"):
        sentence = f"Queue {queue.name} sends who waited too long to {number}."
        found.append(Usage(f"queue-fallback:{queue.name}", sentence))
    return found


async def move_static_members(transaction: TransactionalDBClient, numbers: Collection[str]) -> None:
    """Have the queues of these extensions ring the devices that they have now."""
    some = QueueExtension.filter(extension__number__in=[*numbers, ""]).using_db(transaction)
    await _rewrite(transaction, set(await some.values_list("queue_id", flat=True)))


async def leave_queues(transaction: TransactionalDBClient, row: Extension) -> None:
    """Take an extension that is to be deleted out of all queues."""
    members = QueueExtension.filter(extension_id=row.id).using_db(transaction)
    sending = CallQueue.filter(fallback=row.number).using_db(transaction)
    names = {*await members.values_list("queue_id", flat=True)}
    names |= {*await sending.values_list("name", flat=True)}
    await members.delete()
    await sending.update(fallback="", version=F("version") + 1)
    if device := device_of(row):
        # Whoever made it: no row may ring a device that is gone.
        its = QueueMember.filter(Q(interface=device) | Q(state_interface=device))
        await its.using_db(transaction).delete()
        if row.agent or row.agent_logins:
            await notify(transaction, NoticeKind.LEAVE_QUEUES, device)
    await _rewrite(transaction, names)


async def _rewrite(transaction: TransactionalDBClient, names: Collection[object]) -> None:
    wanted = sorted(map(str, names))
    if wanted:
        await write_queues(transaction, wanted)
    for name in wanted:
        await notify(transaction, NoticeKind.REREAD_QUEUE, name)
