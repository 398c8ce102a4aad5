"""The record of who changed what; written in the transaction of the change, where there is one."""

from collections.abc import Mapping

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.database import write_transaction
from pbxbridge.services.actor import Actor
from pbxbridge.services.keep_trying import until_stored


async def record(  # noqa: PLR0913 - who, what, on what, before and after
    transaction: TransactionalDBClient,
    actor: Actor,
    action: str,
    subject: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Add an audit entry that keeps of ``before`` and ``after`` only the fields that differ.

    Callers never pass a secret or a PIN: that one was changed is told by the action's name.
    """
    await AuditEntry.create(using_db=transaction, **entry(actor, action, subject, before, after))


async def record_done(
    actor: Actor,
    action: str,
    subject: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Add an entry of what Asterisk did already: it is written however long that takes."""

    async def write() -> None:
        async with write_transaction() as transaction:
            await record(transaction, actor, action, subject, before, after)

    await until_stored(write)


def entry(
    actor: Actor,
    action: str,
    subject: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return the columns of an audit entry, for who writes many at once."""
    old, new = dict(before or {}), dict(after or {})
    for name in [name for name in old if name in new and old[name] == new[name]]:
        del old[name], new[name]
    return {
        "actor": actor.login,
        "address": actor.address,
        "action": action,
        "subject": subject,
        "before": old,
        "after": new,
    }
