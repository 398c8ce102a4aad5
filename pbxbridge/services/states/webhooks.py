"""Stores what is to be told by webhook, together with what it tells (docs/history.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar
from uuid import uuid4

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.webhook import OutgoingWebhook
from pbxbridge.services.clock import utc_now
from pbxbridge.services.states.alert_list import AlertView
from pbxbridge.services.states.change import Change
from pbxbridge.services.transfer.lookup import batches

# So many changes or alerts are in one message at most: some 30 kB.
MOST_IN_ONE = 200

Topic = Literal["states", "alerts"]
T = TypeVar("T")


class Webhooks:
    """The messages that a receiver is yet to be sent."""

    def __init__(
        self, topics: Collection[Topic], *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """Store what belongs to these topics only: none, where nobody is told."""
        self._topics = frozenset(topics)
        self._clock = clock

    async def states(self, transaction: TransactionalDBClient, changes: Sequence[Change]) -> None:
        """Store these changes of states, in their order: a follower of the states."""
        if "states" in self._topics:
            await self._store(transaction, "states.changed", "changes", changes, _change)

    async def alerts(
        self, transaction: TransactionalDBClient, event: str, alerts: Sequence[AlertView]
    ) -> None:
        """Store that these alerts opened or ended."""
        if "alerts" in self._topics:
            await self._store(transaction, event, "alerts", alerts, _alert)

    async def _store(
        self,
        transaction: TransactionalDBClient,
        event: str,
        name: str,
        items: Sequence[T],
        told: Callable[[T], Mapping[str, object]],
    ) -> None:
        rows = []
        for some in batches(items, MOST_IN_ONE):
            key, now = str(uuid4()), self._clock()
            message = {"id": key, "event": event, "created_at": now.isoformat()}
            what = {name: [told(item) for item in some]}
            body = json.dumps(message | what, separators=(",", ":"))
            rows.append(OutgoingWebhook(key=key, event=event, created_at=now, body=body))
            await asyncio.sleep(0)  # a storm fills many
        if rows:
            await OutgoingWebhook.bulk_create(rows, using_db=transaction)


async def drop_webhooks() -> None:
    """Forget what waits to be sent, where nobody is told any more."""
    await OutgoingWebhook.all().delete()


def _change(change: Change) -> Mapping[str, object]:
    return {**change._asdict(), "at": change.at.isoformat()}


def _alert(alert: AlertView) -> Mapping[str, object]:
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "node": alert.node,
        "endpoint": alert.endpoint,
        "phones": alert.phones,
        "since": alert.since.isoformat(),
        "opened_at": alert.opened_at.isoformat(),
        "ended_at": alert.ended_at.isoformat() if alert.ended_at else None,
    }
