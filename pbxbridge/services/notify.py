"""Stores what Asterisk must be told once the caller's transaction is committed."""

from collections.abc import Iterable

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.nodes import node_names


async def notify(transaction: TransactionalDBClient, kind: NoticeKind, subject: str) -> None:
    """Store a notice for every node; ``subject`` depends on its kind (asterisk/notices.py)."""
    for node in await node_names(transaction):
        await AsteriskNotice.create(using_db=transaction, node=node, kind=kind, subject=subject)


async def notify_of_all(
    transaction: TransactionalDBClient, kind: NoticeKind, subjects: Iterable[str]
) -> None:
    """Store a notice of each of them for every node, in this order."""
    nodes = await node_names(transaction)
    notices = [
        AsteriskNotice(node=node, kind=kind, subject=subject)
        for subject in subjects
        for node in nodes
    ]
    await AsteriskNotice.bulk_create(notices, using_db=transaction)
