"""Visits: how long the browser that claimed an invitation may look at the secret again."""

from __future__ import annotations

from datetime import timedelta

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.phone import Invitation
from pbxbridge.services.secret_links import hash_of

LENGTH = timedelta(minutes=15)


def visit_hash(visit: str, secret: str) -> str:
    """Return what is stored of a visit's token, which is good for this secret and no other.

    So a visit ends with its secret, whoever replaces that and in whatever way. The token is 256
    random bits: nobody finds the secret by the hash.
    """
    return hash_of(f"{visit}:{secret}")


async def end_visits(transaction: TransactionalDBClient, extension_id: int) -> None:
    """End all visits at an extension, although its secret stays what it is."""
    running = Invitation.filter(extension_id=extension_id).exclude(visit_hash="")
    await running.using_db(transaction).update(visit_hash="", visit_until=None)
