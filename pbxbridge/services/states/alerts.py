"""Opens and ends the alerts. All it knows is in the database, so any bridge can go on with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.events import AlertsChanged, EventBus
from pbxbridge.models.alert import Alert, AlertKind
from pbxbridge.models.database import write_transaction
from pbxbridge.models.node import Node
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.nodes import IN_USE
from pbxbridge.services.states.alert_list import AlertView, view_of
from pbxbridge.services.states.alert_rules import Limits, Many, Open, Verdict, judge
from pbxbridge.services.states.phones_down import SLICE, phones_down
from pbxbridge.services.states.webhooks import Webhooks
from pbxbridge.services.transfer.lookup import batches

PAUSE_SECONDS = 5.0
# After a node came back its phones are asked anew; until then what is known of them may be old.
SETTLE = timedelta(seconds=30)

log = structlog.get_logger(__name__)


class Alerts:
    """Looks every few seconds for what should be told. One bridge at a time does."""

    def __init__(
        self,
        bus: EventBus,
        limits: Limits,
        webhooks: Webhooks,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._bus = bus
        self._limits = limits
        self._webhooks = webhooks
        self._clock = clock

    async def run(self) -> NoReturn:
        """Look for ever."""
        while True:
            try:
                await until_stored(self.look)
            except Exception:
                # A fault of ours, or another bridge that looks too: it will have passed.
                log.exception("alerts.broke")
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> None:
        """Open what is to be told now, and end what is over."""
        now = self._clock()
        verdict = judge(await phones_down(), await _open(), await _heard(now), now, self._limits)
        if not verdict:
            return
        async with write_transaction() as transaction:
            opened = await _opened(transaction, verdict, now)
            ended = await _ended(transaction, verdict.ended, now)
            for many in verdict.grown:
                rows = Alert.filter(id=many.id).using_db(transaction)
                await rows.update(until=many.until, phones=many.phones)
            await self._webhooks.alerts(transaction, "alerts.opened", opened)
            await self._webhooks.alerts(transaction, "alerts.ended", ended)
        for alert in opened:
            log.warning("alert.opened", **_told(alert))
        for alert in ended:
            log.warning("alert.ended", **_told(alert))
        self._bus.publish(AlertsChanged())


async def _heard(now: datetime) -> set[str]:
    """Return the nodes whose link is up, and was for a while, by a bridge that is alive."""
    nodes = Node.filter(link_up=True, link_since__lte=now - SETTLE, heartbeat_at__gte=now - IN_USE)
    return {str(name) for name in await nodes.values_list("name", flat=True)}


async def _open() -> Open:
    rows = await Alert.filter(ended_at=None)
    return Open(
        {(row.node, row.endpoint): row.id for row in rows if row.kind == AlertKind.PHONE_DOWN},
        [
            Many(row.id, row.node, row.since, row.until, row.phones)
            for row in rows
            if row.kind == AlertKind.MANY_DOWN
        ],
    )


async def _opened(
    transaction: TransactionalDBClient, verdict: Verdict, now: datetime
) -> list[AlertView]:
    """Store the new alerts. The database refuses one that another bridge has just opened."""
    found = [_row(AlertKind.MANY_DOWN, "", many, now) for many in verdict.many]
    for one in verdict.single:
        alone = Many(0, one.node, one.since, one.since, 1)
        found.append(_row(AlertKind.PHONE_DOWN, one.endpoint, alone, now))
    stored: list[AlertView] = []
    for some in batches(found, SLICE):
        await Alert.bulk_create(some, using_db=transaction)
        rows = Alert.filter(open_key__in=[row.open_key for row in some])
        stored += [view_of(row) for row in await rows.using_db(transaction).order_by("id")]
    return stored


def _row(kind: AlertKind, endpoint: str, what: Many, now: datetime) -> Alert:
    return Alert(
        kind=kind,
        node=what.node,
        endpoint=endpoint,
        phones=what.phones,
        since=what.since,
        until=what.until,
        opened_at=now,
        open_key=f"{what.node}/{endpoint or what.since.isoformat()}",
    )


async def _ended(
    transaction: TransactionalDBClient, ids: Sequence[int], now: datetime
) -> list[AlertView]:
    found: list[AlertView] = []
    for some in batches(ids, SLICE):
        rows = Alert.filter(id__in=list(some), ended_at=None).using_db(transaction)
        ended = [view_of(row) for row in await rows]
        await rows.update(ended_at=now, open_key=None)
        found += [replace(view, ended_at=now) for view in ended]
    return found


def _told(alert: AlertView) -> dict[str, object]:
    """Return what the log says of an alert."""
    return {
        "kind": alert.kind.value,
        "node": alert.node,
        "endpoint": alert.endpoint,
        "phones": alert.phones,
        "since": alert.since.isoformat(),
    }
