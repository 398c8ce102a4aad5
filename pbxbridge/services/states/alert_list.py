"""The alerts as screen, log and webhook tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbxbridge.models.alert import Alert, AlertKind
from pbxbridge.realtime.trunk_rows import trunk_name

LISTED = 100


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert; the moments are in UTC, ``ended_at`` is None while it is open.

    ``endpoint`` is empty where it is about many phones; ``trunk`` is the name of the trunk whose
    endpoint it is. ``phones`` is the most that were down at once.
    """

    id: int
    kind: AlertKind
    node: str
    endpoint: str
    trunk: str
    phones: int
    since: datetime
    opened_at: datetime
    ended_at: datetime | None


async def recent_alerts(limit: int = LISTED) -> list[AlertView]:
    """Return the open alerts and those that ended last, the newest of each first."""
    rows = await Alert.filter(ended_at=None).order_by("-opened_at", "-id").limit(limit)
    ended = Alert.filter(ended_at__not_isnull=True).order_by("-ended_at", "-id")
    return [view_of(row) for row in (*rows, *await ended.limit(limit))][:limit]


async def open_alerts() -> int:
    """Return how many alerts are open."""
    return await Alert.filter(ended_at=None).count()


def view_of(row: Alert) -> AlertView:
    """Return what is shown of a stored alert."""
    return AlertView(
        row.id,
        AlertKind(row.kind),
        row.node,
        row.endpoint,
        trunk_name(row.endpoint),
        row.phones,
        row.since,
        row.opened_at,
        row.ended_at,
    )
