"""Calls from outside whose DID nobody has."""

from __future__ import annotations

from collections.abc import Mapping

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import F

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.calling import PhoneGroup, SiteSetting
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.inputs import InboundInput
from pbxbridge.services.calling.plan import UNKNOWN_DID, read_setting, rewrite
from pbxbridge.services.calling.records import Stored
from pbxbridge.services.column import fits
from pbxbridge.services.parsing import parse


class Inbound:
    """What is set for calls from outside."""

    def __init__(self, bus: EventBus) -> None:
        """Have Asterisk told through the outbox that listens to ``bus``."""
        self._bus = bus

    async def get(self) -> Stored[InboundInput]:
        """Return what is set."""
        row = await SiteSetting.filter(name=UNKNOWN_DID).first()
        return Stored(InboundInput(unknown_did=row.value if row else ""), row.version if row else 0)

    async def update(
        self, actor: Actor, values: Mapping[str, object], version: int | None = None
    ) -> Stored[InboundInput]:
        """Change it. Raises Invalid per field, Conflict if somebody changed it meanwhile."""
        wanted = parse(InboundInput, values)
        async with write_transaction() as transaction:
            before = await self.get()
            if version is not None and version != before.version:
                raise Conflict("This was changed meanwhile.")
            target = wanted.unknown_did
            if target and not await is_dialled(transaction, target):
                sentence = f"There is no extension, phone group or queue {target}."
                raise Invalid({"unknown_did": sentence})
            await SiteSetting.update_or_create(
                {"value": target, "version": before.version + 1},
                using_db=transaction,
                name=UNKNOWN_DID,
            )
            await rewrite(transaction)
            kept = {"unknown_did": before.fields.unknown_did}, {"unknown_did": target}
            await audit.record(transaction, actor, "inbound.changed", "unknown DIDs", *kept)
        self._bus.publish(OutboxChanged())
        return await self.get()


async def is_extension(transaction: TransactionalDBClient | None, number: str) -> bool:
    """Whether there is an extension of this number."""
    if not fits(Extension, "number", number):
        return False
    return await Extension.filter(number=number).using_db(transaction).exists()


async def is_dialled(transaction: TransactionalDBClient | None, number: str) -> bool:
    """Whether there is an extension, phone group or queue of this number."""
    if not fits(Extension, "number", number):
        return False
    return (
        await is_extension(transaction, number)
        or await PhoneGroup.filter(number=number).using_db(transaction).exists()
        or await CallQueue.filter(number=number).using_db(transaction).exists()
    )


async def clear_unknown_did(transaction: TransactionalDBClient, number: str) -> None:
    """Have unknown DIDs refused if they went to this number, which is gone."""
    await move_unknown_did(transaction, number, "")


async def move_unknown_did(transaction: TransactionalDBClient, number: str, to: str) -> None:
    """Have unknown DIDs go elsewhere if they went to this number, which is gone."""
    if await read_setting(UNKNOWN_DID, transaction) == number:
        setting = SiteSetting.filter(name=UNKNOWN_DID).using_db(transaction)
        await setting.update(value=to, version=F("version") + 1)
        await rewrite(transaction)
