"""Deletes what is older than the days for which history is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn

import structlog
from tortoise.expressions import Q
from tortoise.functions import Max

from pbxbridge.models.alert import Alert
from pbxbridge.models.node import StateChange, StoredState
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored

EVERY_SECONDS = 3600.0
# Deleted in one transaction: a small part of a second, in which nobody else can write to SQLite.
SLICE = 1000

log = structlog.get_logger(__name__)


class _Row(NamedTuple):
    at: datetime
    id: int
    node: str
    endpoint: str


class Pruning:
    """Prunes every hour. One bridge at a time does."""

    def __init__(self, keep: timedelta, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._keep = keep
        self._clock = clock

    async def run(self) -> NoReturn:
        """Prune for ever."""
        while True:
            await until_stored(self.prune)
            await asyncio.sleep(EVERY_SECONDS)

    async def prune(self) -> None:
        """Delete the changes that are too old, but the last of each endpoint, and old alerts.

        That last one says how the endpoint was when the time began of which everything is kept.
        """
        horizon, deleted = self._clock() - self._keep, 0
        last: _Row | None = None
        while rows := await _old(horizon, last):
            last = rows[-1]
            deleted += await _delete(rows, horizon)
        await Alert.filter(ended_at__lt=horizon).delete()
        if deleted:
            log.info("history.pruned", changes=deleted)


async def _old(horizon: datetime, after: _Row | None) -> list[_Row]:
    rows = StateChange.filter(at__lt=horizon)
    if after:
        later = Q(at__gt=after.at) | Q(id__gt=after.id)
        rows = rows.filter(at__gte=after.at).filter(later)
    found = await rows.order_by("at", "id").limit(SLICE).values_list("at", "id", "node", "endpoint")
    return [_Row(*row) for row in found]


async def _delete(rows: list[_Row], horizon: datetime) -> int:
    """Delete those of the rows after which others came for their endpoint before the horizon."""
    endpoints = sorted({row.endpoint for row in rows})
    followed = set(await StoredState.filter(endpoint__in=endpoints).values_list("node", "endpoint"))
    newest = (
        StateChange.filter(endpoint__in=endpoints, at__lt=horizon)
        .annotate(newest=Max("id"))
        .group_by("node", "endpoint")
    )
    kept = {
        id_
        for node, endpoint, id_ in await newest.values_list("node", "endpoint", "newest")
        if (node, endpoint) in followed
    }
    doomed = [row.id for row in rows if row.id not in kept]
    return await StateChange.filter(id__in=doomed).delete() if doomed else 0
