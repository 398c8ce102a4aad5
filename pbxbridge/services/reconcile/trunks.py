"""The rows of trunks: what is wrong with them, and putting it right."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.expressions import Q
from tortoise.models import Model

from pbxbridge.models.calling import Trunk
from pbxbridge.models.realtime import PsAor, PsAuth, PsEndpoint, PsIdentify, PsRegistration
from pbxbridge.realtime.trunk_rows import trunk_id, trunk_rows
from pbxbridge.services.calling.trunks import tell_of_trunk, trunk_facts, trunk_rows_by_table
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.realtime_writer import RealtimeWriter
from pbxbridge.services.reconcile.drift import Drift, Fault, Kind, RowDrift, WantedRow, compare

SECRET = "secret"  # noqa: S105 - a word
PREFIX = trunk_id("")
TABLES: tuple[type[Model], ...] = (PsAor, PsAuth, PsEndpoint, PsRegistration, PsIdentify)


async def trunk_drift(connection: BaseDBAsyncClient, site: SiteDefaults) -> list[Drift]:
    """Return what is wrong with the rows of trunks, and which are those of none.

    A carrier's secret cannot be made anew: a row that lacks it is left as it is, and said to be.
    """
    stored: dict[tuple[type[Model], tuple[Any, ...]], dict[str, Any]] = {}
    for model in TABLES:
        some = Q(id__startswith=PREFIX)
        if model is PsIdentify:
            some |= Q(endpoint__startswith=PREFIX)
        for row in await model.filter(some).using_db(connection).order_by("id").values():
            # SQLite's LIKE takes Trunk- for trunk-, but that one is not ours.
            if any(str(row.get(name, "")).startswith(PREFIX) for name in ("id", "endpoint")):
                stored[model, (row["id"],)] = row
    drifts: dict[str, list[RowDrift]] = defaultdict(list)
    lost: dict[str, tuple[str, ...]] = {}
    trunks = await Trunk.all().using_db(connection).order_by("name")
    keys = set()
    for trunk in trunks:
        auth = stored.get((PsAuth, (trunk_id(trunk.name),)))
        secret = auth["password"] if auth else ""
        wanted: list[WantedRow] = list(
            trunk_rows_by_table(trunk.name, trunk_rows(trunk_facts(trunk, secret, site)))
        )
        keys |= {(model, tuple(key.values())) for model, key, _ in wanted}
        if trunk.username and not secret:
            lost[trunk.name] = (SECRET,)
            wanted = [row for row in wanted if row[0] is not PsAuth]
        drifts[trunk.name] += compare(wanted, stored)
    for (model, key), row in stored.items():
        if (model, key) not in keys:
            surplus = RowDrift(model, {"id": key[0]}, Fault.SURPLUS)
            drifts[_owner(row.get("endpoint", ""), key[0])].append(surplus)
    return [
        Drift(Kind.TRUNK, name, tuple(drifts[name]), lost.get(name, ()))
        for name in dict.fromkeys([*drifts, *lost])
        if drifts[name] or name in lost
    ]


async def repair_trunks(transaction: TransactionalDBClient, drifts: list[Drift]) -> None:
    """Write the rows as they should be, and have Asterisk told."""
    writer = RealtimeWriter(transaction, cached=False)
    for drift in drifts:
        for row in drift.rows:
            await writer.put(row.model, row.key, row.wanted)
        registers = (
            await Trunk.filter(name=drift.name, registers=True).using_db(transaction).exists()
        )
        changed = {row.model for row in drift.rows}
        await tell_of_trunk(transaction, drift.name, changed, registers=registers)


def _owner(endpoint: str, row_id: str) -> str:
    """Return the trunk that a row says to be of; an identify says so by its endpoint."""
    said = endpoint if endpoint.startswith(PREFIX) else row_id
    return said.removeprefix(PREFIX)
