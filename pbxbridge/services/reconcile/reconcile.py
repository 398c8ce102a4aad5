"""Compares Asterisk's tables with what the portal's say, and makes them so on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.calling import PhoneGroup, Trunk
from pbxbridge.models.database import snapshot, write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import StaticConfigRow
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.groups import write_group_rows
from pbxbridge.services.calling.plan import outdated_contexts, rewrite
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extension_view import sort_key
from pbxbridge.services.notify import notify
from pbxbridge.services.reconcile.drift import Drift, Fault, Kind, RowDrift
from pbxbridge.services.reconcile.extensions import (
    AUTH_SECRET,
    PIN,
    SECRET,
    extension_drift,
    repair_extensions,
    repair_notices,
)
from pbxbridge.services.reconcile.groups import group_drift
from pbxbridge.services.reconcile.ownership import read_others
from pbxbridge.services.reconcile.queues import queue_drift, repair_queues
from pbxbridge.services.reconcile.trunks import repair_trunks, trunk_drift
from pbxbridge.services.sorcery_cache import EXPIRY, expiries
from pbxbridge.services.transfer.lookup import batches
from pbxbridge.services.transfer.progress import without_gc

# Extensions that are compared at once, and put right in one transaction.
AT_ONCE = 1000

# By what the audit calls it.
_AUDITED = {
    Kind.EXTENSION: "extension",
    Kind.LEFTOVER: "leftover",
    Kind.TRUNK: "trunk",
    Kind.PHONE_GROUP: "phone-group",
    Kind.QUEUE: "queue",
    Kind.AGENT: "agent",
    Kind.CONTEXT: "class-of-service",
}
_RENEWED = {
    SECRET: "extension.secret-regenerated",
    AUTH_SECRET: "extension.auth-secret-changed",
    PIN: "extension.pin-changed",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. ``foreign`` are rows (table and key) that are none of ours."""

    extensions: int
    trunks: int
    groups: int
    drifts: Sequence[Drift]
    foreign: Sequence[str]


class Reconciler:
    """Compares and repairs the open database."""

    def __init__(self, site: SiteDefaults) -> None:
        self._site = site

    async def find(self) -> Report:
        """Compare everything as it is at one moment."""
        with without_gc():
            async with snapshot() as connection:
                drifts: list[Drift] = []
                count = 0
                async for rows in _extensions(connection):
                    count += len(rows)
                    drifts += await extension_drift(connection, rows, self._site)
                others = await read_others(connection)
                drifts += others.leftovers
                drifts.sort(key=lambda drift: sort_key(drift.name))
                drifts += await self._trunks_groups_contexts(connection)
                trunks = await Trunk.all().using_db(connection).count()
                groups = await PhoneGroup.all().using_db(connection).count()
        return Report(count, trunks, groups, drifts, others.foreign)

    async def repair(self, actor: Actor, found: Report) -> list[Drift]:
        """Put right what was found, as far as it still is so; return what was done.

        A thousand extensions are one transaction, all that is not of an extension another one.
        """
        done: list[Drift] = []
        numbers = [drift.name for drift in found.drifts if drift.kind is Kind.EXTENSION]
        for some in batches(numbers, AT_ONCE):
            async with write_transaction() as transaction:
                done += await self._repair_extensions(transaction, actor, some)
        if len(numbers) < len(found.drifts):
            async with write_transaction() as transaction:
                done += await self._repair_others(transaction, actor)
        return done

    async def _repair_extensions(
        self, transaction: TransactionalDBClient, actor: Actor, numbers: Collection[str]
    ) -> list[Drift]:
        rows = await Extension.filter(number__in=list(numbers)).using_db(transaction)
        drifts = await extension_drift(transaction, rows, self._site)
        await repair_extensions(transaction, drifts, {row.number: row for row in rows})
        await self._tell(transaction, drifts)
        await _record(transaction, actor, drifts)
        return drifts

    async def _repair_others(self, transaction: TransactionalDBClient, actor: Actor) -> list[Drift]:
        leftovers = (await read_others(transaction)).leftovers
        await repair_extensions(transaction, leftovers, {})
        await self._tell(transaction, leftovers)
        drifts = await self._trunks_groups_contexts(transaction)
        trunks = [drift for drift in drifts if drift.kind is Kind.TRUNK and drift.rows]
        await self._expire(transaction, trunks)
        await repair_trunks(transaction, trunks)
        groups = [drift for drift in drifts if drift.kind is Kind.PHONE_GROUP]
        if groups:
            await write_group_rows(transaction, [g.name for g in groups], self._site.ring_time)
        queues = [drift for drift in drifts if drift.kind in (Kind.QUEUE, Kind.AGENT)]
        await repair_queues(transaction, queues)
        await rewrite(transaction)
        contexts = [drift for drift in drifts if drift.kind is Kind.CONTEXT]
        done = [*leftovers, *trunks, *groups, *queues, *contexts]
        await _record(transaction, actor, done)
        return done

    async def _trunks_groups_contexts(self, connection: BaseDBAsyncClient) -> list[Drift]:
        return [
            *await trunk_drift(connection, self._site),
            *await group_drift(connection, self._site.ring_time),
            *await queue_drift(connection),
            *await _context_drift(connection),
        ]

    async def _tell(self, transaction: TransactionalDBClient, drifts: Sequence[Drift]) -> None:
        await self._expire(transaction, drifts)
        told = dict.fromkeys(notice for drift in drifts for notice in repair_notices(drift))
        for kind, subject in told:
            await notify(transaction, kind, subject)

    async def _expire(self, transaction: TransactionalDBClient, drifts: Iterable[Drift]) -> None:
        """Expire new rows as well: one that somebody deleted may be in the cache still."""
        if not self._site.sorcery_cache:
            return
        rows = [row for drift in drifts for row in drift.rows if row.model in EXPIRY]
        for kind, subject in expiries([(row.model, str(row.key["id"])) for row in rows]):
            await notify(transaction, kind, subject)


async def _extensions(connection: BaseDBAsyncClient) -> AsyncIterator[list[Extension]]:
    last = 0
    every = Extension.all().using_db(connection).order_by("id").limit(AT_ONCE)
    while some := await every.filter(id__gt=last):
        yield some
        last = some[-1].id


async def _context_drift(connection: BaseDBAsyncClient) -> list[Drift]:
    found = []
    for name, (present, wanted) in (await outdated_contexts(connection)).items():
        fault = Fault.MISSING if not present else Fault.DIFFERENT if wanted else Fault.SURPLUS
        row = RowDrift(StaticConfigRow, {"category": name}, fault)
        found.append(Drift(Kind.CONTEXT, name, (row,)))
    return found


async def _record(
    transaction: TransactionalDBClient, actor: Actor, drifts: Iterable[Drift]
) -> None:
    entries = []
    for drift in drifts:
        before, after = _fields(drift)
        action = f"{_AUDITED[drift.kind]}.reconciled"
        entries.append(audit.entry(actor, action, drift.name, before, after))
        if drift.kind is Kind.EXTENSION:
            entries += [audit.entry(actor, _RENEWED[one], drift.name) for one in drift.lost]
    rows = [AuditEntry(**entry) for entry in entries]
    await AuditEntry.bulk_create(rows, batch_size=AT_ONCE, using_db=transaction)


def _fields(drift: Drift) -> tuple[dict[str, object], dict[str, object]]:
    """Return what the audit keeps, before and after; of a secret nothing."""
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for row in drift.rows:
        if row.fault is not Fault.DIFFERENT or not row.changes:
            before[row.label] = row.fault.value
            after[row.label] = "removed" if row.fault is Fault.SURPLUS else "written"
        for name, (was, becomes) in row.changes.items():
            before[f"{row.label} {name}"], after[f"{row.label} {name}"] = was, becomes
    return before, after
