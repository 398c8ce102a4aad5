"""The rows of phone groups: what is wrong with them."""

from __future__ import annotations

from tortoise.backends.base.client import BaseDBAsyncClient

from dialplan.extension_row import CONTEXT
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.services.calling.groups import wanted_group_rows
from pbxbridge.services.reconcile.drift import Drift, Fault, Kind, RowDrift, WantedRow, compare
from pbxbridge.services.reconcile.extensions import read_dialplan, step_key


async def group_drift(connection: BaseDBAsyncClient, ring_time: int) -> list[Drift]:
    """Return what is wrong with the rows of phone groups."""
    groups = await PhoneGroup.all().using_db(connection).order_by("name")
    stored = await read_dialplan(connection, CONTEXT, [group.number for group in groups])
    found = []
    for group in groups:
        rows = await wanted_group_rows(group, ring_time, connection)
        wanted: list[WantedRow] = [(DialplanRow, step_key(row), row) for row in rows]
        keys = {tuple(key.values()) for _, key, _ in wanted}
        surplus = [
            RowDrift(DialplanRow, step_key(row), Fault.SURPLUS)
            for (_, key), row in stored.items()
            if row["exten"] == group.number and key not in keys
        ]
        if drifts := (*compare(wanted, stored), *surplus):
            found.append(Drift(Kind.PHONE_GROUP, group.name, drifts))
    return found
