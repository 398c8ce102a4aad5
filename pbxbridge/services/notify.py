"""Stores what Asterisk must be told once the caller's transaction is committed."""

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.outbox import AsteriskNotice, NoticeKind


async def notify(transaction: TransactionalDBClient, kind: NoticeKind, subject: str) -> None:
    """Store a notice; what ``subject`` is, depends on its kind (asterisk/notices.py)."""
    await AsteriskNotice.create(using_db=transaction, kind=kind, subject=subject)
