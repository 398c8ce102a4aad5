"""Forwards and twins of stored extensions, and that a change of classes or routes breaks none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.expressions import Q

from dialplan.extension_row import VOICEMAIL
from dialplan.forward_chain import Hop
from pbxbridge.errors import Invalid
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import Extension
from pbxbridge.services.calling.call_rules import OutsideRules, forward_hops
from pbxbridge.services.calling.plan import Plan, read_plan
from pbxbridge.services.extension_input import FORWARDS, TARGETS
from pbxbridge.services.transfer.lookup import rows_with

# As many are named; there may be thousands.
FEW = 5

Forwards = Mapping[str, tuple[Hop, ...]]


async def read_forwards(connection: BaseDBAsyncClient, numbers: Collection[str]) -> Forwards:
    """Return the forwards of these extensions, groups and queues, and of all that they lead to.

    Which numbers are there is told by which are in it.
    """
    found: dict[str, tuple[Hop, ...]] = {}
    asked: set[str] = set()
    frontier = set(numbers)
    while frontier:
        asked |= frontier
        layer = await _forwards_of(connection, frontier)
        found |= layer
        frontier = {hop.target for hops in layer.values() for hop in hops} - asked
    return found


async def check_outside_forwards(
    transaction: TransactionalDBClient, before: Plan, field: str
) -> None:
    """Refuse a change of classes or routes that is in the tables now, if it breaks a forward.

    ``field`` is where the sentence belongs. What was not possible before is not its fault. Raises
    Invalid with the first few extensions and numbers.
    """
    after = await read_plan(transaction)
    old, new = OutsideRules(before), OutsideRules(after)
    broken = []
    for row in await _forwarding_outside(transaction):
        for name in TARGETS:
            target = getattr(row, name)
            if not target or target == VOICEMAIL:
                continue
            why = new.wrong(row.class_of_service_id, target)
            if why and not old.wrong(row.class_of_service_id, target):
                broken.append((row.number, target))
    if broken:
        there = await _forwards_of(transaction, {target for _, target in broken})
        broken = [each for each in broken if each[1] not in there]
    if broken:
        shown = ", ".join(f"{number} → {target}" for number, target in broken[:FEW])
        shown += " and others" if len(broken) > FEW else ""
        raise Invalid({field: f"Forwards and twins would not be possible any more: {shown}."})


async def forwarding_to(number: str, connection: BaseDBAsyncClient | None = None) -> list[str]:
    """Return the first few extensions that have a forward or twin of this number."""
    some = Q()
    for name in TARGETS:
        some |= Q(**{name: number})
    found = Extension.filter(some).using_db(connection).order_by("sort_key").limit(FEW)
    return [str(each) for each in await found.values_list("number", flat=True)]


async def _forwards_of(
    connection: BaseDBAsyncClient, numbers: Iterable[str]
) -> dict[str, tuple[Hop, ...]]:
    wanted = [number for number in numbers if number]
    rows = await rows_with(connection, Extension, ("number", *FORWARDS), "number", wanted)
    found = {
        number: forward_hops(number, dict(zip(FORWARDS, targets, strict=True)))
        for number, *targets in rows
    }
    for model in (PhoneGroup, CallQueue):
        rows = await rows_with(connection, model, ("number", "fallback"), "number", wanted)
        for number, fallback in rows:
            found[number] = (Hop(number, "no answer", fallback),) if fallback else ()
    return found


async def _forwarding_outside(transaction: TransactionalDBClient) -> list[Extension]:
    some = Q()
    for name in TARGETS:
        some |= Q(**{f"{name}__gt": ""})
    return await Extension.filter(some).using_db(transaction).order_by("sort_key")
