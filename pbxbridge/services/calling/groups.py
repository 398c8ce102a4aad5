"""Phone groups: the number that makes all members ring, as rows of the realtime dialplan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient

from dialplan.extension_row import CONTEXT
from dialplan.group_rows import group_rows
from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.realtime.rows import Columns, dialplan_columns
from pbxbridge.services.calling.inbound import move_unknown_did
from pbxbridge.services.calling.inputs import GroupInput
from pbxbridge.services.calling.numbered import erase_number, senders_to, wrong_numbers
from pbxbridge.services.calling.records import Records
from pbxbridge.services.device_types import device_of

MOST_MEMBERS = 100


class PhoneGroups(Records[PhoneGroup, GroupInput]):
    """The phone groups that have a number."""

    model = PhoneGroup
    input = GroupInput
    what = "phone group"

    def __init__(self, bus: EventBus, ring_time: int) -> None:
        """Let groups that say nothing else ring for ``ring_time`` seconds."""
        super().__init__(bus)
        self._ring_time = ring_time

    async def members(self, name: str) -> list[str]:
        """Return the numbers of the extensions that are in the group, in dialling order."""
        named = Extension.filter(phone_group=name).order_by("sort_key")
        return [str(number) for number in await named.values_list("number", flat=True)]

    async def users_of(
        self, name: str, transaction: TransactionalDBClient | None = None
    ) -> list[str]:
        """Return what sends calls to the number; members stay, without a common one."""
        row = await self._find(name, transaction)
        return await senders_to(row.number, transaction)

    def _fields(self, row: PhoneGroup) -> Mapping[str, Any]:
        return {
            "name": row.name,
            "number": row.number,
            "ring_time": row.ring_time or None,
            "fallback": row.fallback,
        }

    async def _check(
        self, transaction: TransactionalDBClient, wanted: GroupInput, row: PhoneGroup | None
    ) -> None:
        before = row.number if row else None
        wrong = await wrong_numbers(transaction, wanted.number, wanted.fallback, before)
        if wrong:
            raise Invalid(wrong)

    async def _write(
        self,
        transaction: TransactionalDBClient,
        row: PhoneGroup,
        wanted: GroupInput,
        before: GroupInput | None,
    ) -> None:
        if before and before.number != wanted.number:
            await erase_number(transaction, before.number)
            await move_unknown_did(transaction, before.number, wanted.number)
        row.number = wanted.number
        row.ring_time = wanted.ring_time or 0
        row.fallback = wanted.fallback
        row.version += before is not None
        await row.save(using_db=transaction, force_create=before is None)
        await write_group_rows(transaction, [row.name], self._ring_time)

    async def _deleted(self, transaction: TransactionalDBClient, before: GroupInput) -> None:
        await erase_number(transaction, before.number)


async def write_group_rows(
    transaction: TransactionalDBClient, names: Collection[str], ring_time: int
) -> None:
    """Make the rows of these groups what their members are now.

    Who is not to be disturbed, or has no device, does not ring. Of very many members the first
    MOST_MEMBERS ring.
    """
    groups = await PhoneGroup.filter(name__in=[*names, ""]).using_db(transaction)
    for group in groups:
        rows = await wanted_group_rows(group, ring_time, transaction)
        stored = DialplanRow.filter(context=CONTEXT, exten=group.number).using_db(transaction)
        names_ = ("context", "exten", "priority", "app", "appdata")
        if await stored.order_by("priority").values(*names_) != rows:
            await stored.delete()
            await DialplanRow.bulk_create(
                [DialplanRow(**row) for row in rows], using_db=transaction
            )


async def wanted_group_rows(
    group: PhoneGroup, ring_time: int, connection: BaseDBAsyncClient
) -> list[Columns]:
    """Return the rows of a group as its members are now."""
    members = await ringing_members(group.name, connection)
    devices = [device_of(member) for member in members]
    rows = group_rows(group.number, devices, group.ring_time or ring_time, group.fallback)
    return [dialplan_columns(row) for row in rows]


async def ringing_members(
    name: str, connection: BaseDBAsyncClient | None = None
) -> list[Extension]:
    """Return the members of a group that ring when it is called, in dialling order."""
    named = Extension.filter(phone_group=name, do_not_disturb=False).using_db(connection)
    members = await named.order_by("sort_key").limit(MOST_MEMBERS)
    return [member for member in members if device_of(member)]
