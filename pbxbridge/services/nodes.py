"""Which Asterisk nodes there are: what must be told is told to each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient

from pbxbridge.models.alert import DownPhone
from pbxbridge.models.database import write_transaction
from pbxbridge.models.node import Node, StoredState
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.services.keep_trying import until_stored

# A bridge that listens to a node says so every minute at least. Clocks may differ a little.
IN_USE = timedelta(minutes=3)

log = structlog.get_logger(__name__)


async def node_names(connection: BaseDBAsyncClient | None = None) -> list[str]:
    """Return the names of all nodes."""
    found = Node.all().using_db(connection).order_by("name")
    return [str(name) for name in await found.values_list("name", flat=True)]


async def ensure_nodes(names: Collection[str], *, is_only_bridge: bool = False) -> None:
    """Have exactly these nodes, but for others that another bridge listens to at the moment.

    What a node that is gone should have been told goes with it; what waits for one that nobody
    ever listened to was meant for all that are new.
    """
    now = datetime.now(UTC)
    async with write_transaction() as transaction:
        rows = {row.name: row for row in await Node.all().using_db(transaction)}
        new = sorted(set(names) - rows.keys())
        for name in new:
            # Never an epoch that was there before, should the name have been known once.
            epoch = int(now.timestamp()) % 2**30
            await Node.create(using_db=transaction, name=name, epoch=epoch)
        for name in sorted(rows.keys() - set(names)):
            heard_at = rows[name].heartbeat_at
            if not is_only_bridge and heard_at and now - heard_at < IN_USE:
                log.warning("nodes.other_settings", node=name, bridge=rows[name].bridge)
                continue
            if heard_at is None or len(rows) == len(new) == 1:
                await _hand_over(transaction, name, new)
            for model in (AsteriskNotice, StoredState, DownPhone):
                await model.filter(node=name).using_db(transaction).delete()
            await Node.filter(name=name).using_db(transaction).delete()
            log.info("nodes.forgotten", node=name)


async def keep_nodes(names: Collection[str]) -> NoReturn:
    """Forget other nodes once no bridge listens to them any more, for ever."""
    while True:
        await asyncio.sleep(IN_USE.total_seconds())
        await until_stored(partial(ensure_nodes, names))


async def _hand_over(transaction: TransactionalDBClient, node: str, heirs: Collection[str]) -> None:
    for notice in await AsteriskNotice.filter(node=node).using_db(transaction).order_by("id"):
        for heir in heirs:
            await AsteriskNotice.create(
                using_db=transaction, node=heir, kind=notice.kind, subject=notice.subject
            )
