"""Brings SIP secrets that are stored to what the settings say of them now, with the present key.

Run at every start: so a new setting or a new key holds for all secrets once the bridge has started,
and the old key can go.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import Q

from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import PsAuth
from pbxbridge.services.extension_change import Credentials
from pbxbridge.services.extension_input import SIP_TYPES, unparsed
from pbxbridge.services.extension_store import SiteDefaults, realtime_rows, sealed_columns, views
from pbxbridge.services.extension_view import fields_of
from pbxbridge.services.notify import notify
from pbxbridge.services.realtime_writer import RealtimeWriter, rows_by_table
from pbxbridge.services.sip_secrets import UNREADABLE, SipSecrets
from pbxbridge.services.stored_credentials import read_credentials
from pbxbridge.services.transfer.lookup import batches

# In one transaction: while it lasts, SQLite lets Asterisk write nothing.
AT_ONCE = 500

log = structlog.get_logger(__name__)


async def store_secrets_as_wanted(site: SiteDefaults) -> None:
    """Rewrite the secrets that are stored otherwise; those that no key opens stay as they are."""
    ids = await Extension.filter(otherwise(site.secrets)).values_list("id", flat=True)
    unreadable: list[str] = []
    for some in batches([int(str(id_)) for id_ in ids], AT_ONCE):
        async with write_transaction() as transaction:
            unreadable += await _rewrite(transaction, some, site)
    if ids:
        log.info("sip_secrets.stored_anew", count=len(ids) - len(unreadable))
    if unreadable:
        log.warning("sip_secrets.unreadable", count=len(unreadable), first=unreadable[0])


async def unreadable_secrets(secrets: SipSecrets) -> int:
    """Return how many extensions have a secret that no key opens."""
    sealed = ~Q(sealed_secret="") | ~Q(sealed_auth_secret="")
    numbers = await Extension.filter(sealed).values_list("number", flat=True)
    found = 0
    for some in batches([str(number) for number in numbers], AT_ONCE):
        credentials = await read_credentials(Tortoise.get_connection("default"), some, secrets)
        found += sum(_is_unreadable(one) for one in credentials.values())
    return found


def otherwise(secrets: SipSecrets) -> Q:
    """Return the condition for extensions whose secrets are stored otherwise than is wanted."""
    if secrets.sealing is None:
        return ~Q(sealed_secret="") | ~Q(sealed_auth_secret="")
    current = secrets.sealing.current
    own = ~Q(sealed_secret__startswith=current)
    override = ~Q(auth_username="") & ~Q(sealed_auth_secret__startswith=current)
    return Q(device_type__in=[str(kind) for kind in SIP_TYPES]) & (own | override)


async def _rewrite(
    transaction: TransactionalDBClient, ids: Sequence[int], site: SiteDefaults
) -> list[str]:
    """Rewrite some; return the numbers of those that cannot be read."""
    # What another bridge did meanwhile is left alone.
    rows = await Extension.filter(otherwise(site.secrets), id__in=list(ids)).using_db(transaction)
    stored = await read_credentials(transaction, [row.number for row in rows], site.secrets)
    # One telling for all, below.
    writer = RealtimeWriter(transaction, cached=False)
    unreadable = []
    by_number = {row.number: row for row in rows}
    for view in await views(rows, transaction):
        own, row = stored[view.number], by_number[view.number]
        if _is_unreadable(own):
            unreadable.append(view.number)
            continue
        wanted = unparsed(fields_of(view))
        if not own.secret:
            # Somebody took its row out of Asterisk's table: `pbxbridge reconcile` says so.
            log.warning("sip_secrets.missing", number=view.number)
            continue
        for model, key, columns in rows_by_table(view.number, realtime_rows(wanted, own, site)):
            if model is PsAuth:
                await writer.put(model, key, columns)
        for name, value in sealed_columns(wanted, own, site, row).items():
            setattr(row, name, value)
        await row.save(using_db=transaction, update_fields=["sealed_secret", "sealed_auth_secret"])
    if writer.written and site.sorcery_cache:
        await notify(transaction, NoticeKind.EXPIRE_CACHES, "")
    return unreadable


def _is_unreadable(stored: Credentials) -> bool:
    return UNREADABLE in (stored.secret, stored.auth_secret)
