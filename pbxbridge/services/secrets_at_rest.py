"""Brings SIP secrets that are stored to what the settings say of them now, with the present key.

Run at every start: so a new setting, a new key or another digest of a make holds for all secrets
once the bridge has started, and the old key can go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import structlog
from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import Q

from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import PsAuth
from pbxbridge.realtime.auth_row import asked_for
from pbxbridge.realtime.rows import auth_override_of
from pbxbridge.services.extension_change import Credentials
from pbxbridge.services.extension_input import SIP_TYPES, unparsed
from pbxbridge.services.extension_store import SiteDefaults, realtime_rows, views, write_seals
from pbxbridge.services.extension_view import fields_of
from pbxbridge.services.notify import notify
from pbxbridge.services.realtime_writer import RealtimeWriter, rows_by_table
from pbxbridge.services.sip_secrets import UNREADABLE, SipSecrets
from pbxbridge.services.stored_credentials import read_credentials
from pbxbridge.services.transfer.lookup import batches

# In one transaction: while it lasts, SQLite lets Asterisk write nothing.
AT_ONCE = 500
_SEALED = ~Q(sealed_secret="") | ~Q(sealed_auth_secret="")

log = structlog.get_logger(__name__)


async def store_secrets_as_wanted(site: SiteDefaults) -> None:
    """Rewrite the secrets that are stored otherwise; those that no key opens stay as they are."""
    ids = await stored_otherwise(site.secrets)
    unreadable: list[str] = []
    for some in batches(ids, AT_ONCE):
        async with write_transaction() as transaction:
            unreadable += await _rewrite(transaction, some, site)
    if ids:
        log.info("sip_secrets.stored_anew", count=len(ids) - len(unreadable))
    if unreadable:
        log.warning("sip_secrets.unreadable", count=len(unreadable), first=unreadable[0])


async def unreadable_secrets(secrets: SipSecrets) -> int:
    """Return how many extensions have a secret that no key opens."""
    numbers = await Extension.filter(_SEALED).values_list("number", flat=True)
    found = 0
    for some in batches([str(number) for number in numbers], AT_ONCE):
        credentials = await read_credentials(Tortoise.get_connection("default"), some, secrets)
        found += sum(_is_unreadable(one) for one in credentials.values())
    return found


async def stored_otherwise(secrets: SipSecrets) -> list[int]:
    """Return the ids of the extensions whose secrets are stored otherwise than is wanted."""
    if secrets.sealing is None:
        return [
            int(str(id_)) for id_ in await Extension.filter(_SEALED).values_list("id", flat=True)
        ]
    auths = {
        str(auth): (str(password or ""), str(asked or ""))
        for auth, password, asked in await PsAuth.all().values_list(
            "id", "password", "supported_algorithms_uas"
        )
    }
    sip = Extension.filter(device_type__in=[str(kind) for kind in SIP_TYPES])
    rows = await sip.values_list(
        "id", "number", "phone_make", "auth_username", "sealed_secret", "sealed_auth_secret"
    )
    found, current = [], secrets.sealing.current
    for row_id, number, make, has_override, sealed, sealed_override in rows:
        seals = [sealed, sealed_override] if has_override else [sealed]
        ids = [number, auth_override_of(number)][: len(seals)]
        # A row that is not there is for `pbxbridge reconcile`.
        wanted = ("", asked_for(secrets.algorithms(make)))
        are_right = all(auths.get(auth, wanted) == wanted for auth in ids)
        if not are_right or not all(seal.startswith(current) for seal in seals):
            found.append(int(row_id))
    return found


async def _rewrite(
    transaction: TransactionalDBClient, ids: Sequence[int], site: SiteDefaults
) -> Collection[str]:
    """Rewrite some, which another bridge may have done too; return those that cannot be read."""
    rows = await Extension.filter(id__in=list(ids)).using_db(transaction)
    stored = await read_credentials(transaction, [row.number for row in rows], site.secrets)
    # One telling for all, below.
    writer = RealtimeWriter(transaction, cached=False)
    unreadable = []
    by_number = {row.number: row for row in rows}
    for view in await views(rows, transaction):
        own, wanted = stored[view.number], unparsed(fields_of(view))
        if _is_unreadable(own):
            unreadable.append(view.number)
            continue
        if not own.secret:
            # Somebody took its row out of Asterisk's table: `pbxbridge reconcile` says so.
            log.warning("sip_secrets.missing", number=view.number)
            continue
        await write_seals(transaction, by_number[view.number], wanted, own, site)
        for model, key, columns in rows_by_table(view.number, realtime_rows(wanted, own, site)):
            if model is PsAuth:
                await writer.put(model, key, columns)
    if writer.written and site.sorcery_cache:
        await notify(transaction, NoticeKind.EXPIRE_CACHES, "")
    return unreadable


def _is_unreadable(stored: Credentials) -> bool:
    return UNREADABLE in (stored.secret, stored.auth_secret)
