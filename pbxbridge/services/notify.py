"""Stores what Asterisk must be told once the caller's transaction is committed."""

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.nodes import node_names


async def notify(transaction: TransactionalDBClient, kind: NoticeKind, subject: str) -> None:
    """Store a notice for every node; ``subject`` depends on its kind (asterisk/notices.py)."""
    for node in await node_names(transaction):
        await AsteriskNotice.create(using_db=transaction, node=node, kind=kind, subject=subject)
