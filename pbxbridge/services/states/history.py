"""What became of one extension's device: since when it is as it is, and how it was before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.mirror.endpoint import Status
from pbxbridge.models.alert import DownPhone
from pbxbridge.models.node import Node, StateChange, StoredState
from pbxbridge.services.clock import utc_now
from pbxbridge.services.nodes import IN_USE
from pbxbridge.services.states.availability import Moment, Share, availability, mean

SHOWN_CHANGES = 20
SPAN = timedelta(hours=24)
BUCKETS = 48
# A device that changes more often in the shown time has its older part shown as not known.
MOST_MOMENTS = 5000

# Where the device is comes before where it was.
_ORDER = {
    Status.OK: 0,
    Status.UNMONITORED: 0,
    Status.UNREACHABLE: 1,
    Status.UNKNOWN: 1,
    Status.BLANK: 2,
}

# Counted by the database, and of the last changes only: a device that comes and goes, or a broken
# one, has any number of them.
_MOST_COUNTED = 20_000
_FLAPS = f"""
    SELECT node, count(*) AS flaps FROM (
        SELECT node, status, lag(status) OVER (PARTITION BY node ORDER BY at, id) AS before
        FROM (
            SELECT id, node, status, at FROM portal_state_changes WHERE endpoint = {{endpoint}}
            ORDER BY at DESC LIMIT {_MOST_COUNTED}
        ) AS recent
    ) AS steps WHERE before = 'OK' AND status <> 'OK' GROUP BY node"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class PastState:
    """A status and address that the device took on, in UTC."""

    status: Status
    ip: str
    port: int
    at: datetime


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """How a device was on one node. All moments are in UTC.

    ``last_seen`` is None for one that is OK, or never was. ``flaps`` counts how often it was OK
    and then was not, as far back as changes are kept, of the last 20,000 of them. ``shares`` are
    those of the equal parts of the last ``SPAN``, ``total`` those of all of it. ``changes`` are
    the last ones, newest first.
    """

    node: str
    status: Status
    since: datetime
    last_seen: datetime | None
    last_ip: str
    last_port: int
    flaps: int
    shares: Sequence[Share]
    total: Share
    changes: Sequence[PastState]


class History:
    """Reads what was kept of the states."""

    def __init__(self, keep: timedelta, *, clock: Callable[[], datetime] = utc_now) -> None:
        """``keep`` is how long changes are kept."""
        self.keep = keep
        self._clock = clock

    async def of(self, number: str) -> list[NodeHistory]:
        """Return what is known of a device on each node, where it is now first."""
        now, found = self._clock(), []
        flaps = await _flaps(number)
        heard = await _heard(now)
        for state in await StoredState.filter(endpoint=number):
            changes = StateChange.filter(node=state.node, endpoint=number).order_by("-at", "-id")
            recent = await changes.limit(SHOWN_CHANGES)
            moments = await _moments(state, now - SPAN)
            shares = availability(moments, now - SPAN, now, BUCKETS, heard.get(state.node, now))
            found.append(
                NodeHistory(
                    state.node,
                    Status(state.status),
                    state.changed_at,
                    state.last_seen,
                    state.last_ip,
                    state.last_port,
                    flaps.get(state.node, 0),
                    shares,
                    mean(shares),
                    [PastState(Status(row.status), row.ip, row.port, row.at) for row in recent],
                )
            )
        return sorted(found, key=lambda one: (_ORDER[one.status], -one.since.timestamp()))


async def forget(transaction: TransactionalDBClient, number: str) -> None:
    """Delete the history of an extension that is deleted."""
    for model in (StateChange, DownPhone):
        await model.filter(endpoint=number).using_db(transaction).delete()


async def _moments(state: StoredState, start: datetime) -> list[Moment]:
    """Return the changes since ``start``, and the one before them."""
    rows = StateChange.filter(node=state.node, endpoint=state.endpoint).order_by("-at", "-id")
    after = await rows.filter(at__gte=start).limit(MOST_MOMENTS).values_list("at", "status")
    moments = [Moment(at, status) for at, status in after]
    if len(moments) < MOST_MOMENTS:
        before = await rows.filter(at__lt=start).limit(1).values_list("at", "status")
        moments += [Moment(at, status) for at, status in before]
    if not moments:
        moments = [Moment(state.changed_at, state.status)]
    return moments


async def _heard(now: datetime) -> Mapping[str, datetime]:
    """Return until when each node was heard of."""
    return {node.name: _heard_until(node, now) for node in await Node.all()}


def _heard_until(node: Node, now: datetime) -> datetime:
    if not node.link_up:
        return node.link_since or now
    heard_at = node.heartbeat_at or now
    return now if now - heard_at < IN_USE else heard_at


async def _flaps(number: str) -> Mapping[str, int]:
    connection = Tortoise.get_connection("default")
    mark = "?" if connection.capabilities.dialect == "sqlite" else "$1"
    rows = await connection.execute_query_dict(_FLAPS.format(endpoint=mark), [number])
    return {str(row["node"]): int(row["flaps"]) for row in rows}
