"""What an earlier release kept and calls did not use, handed to Asterisk once.

DIDs, twins, caller IDs for the outside and phone groups. No migration: rows are made by the same
functions as those of a save.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import Q

from dialplan.inbound import CONTEXT as DID_CONTEXT
from dialplan.inbound import did_row, is_pattern
from pbxbridge.errors import Invalid
from pbxbridge.models.calling import SiteSetting
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import DeviceType, Did, Extension
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.realtime.rows import dialplan_columns
from pbxbridge.services.calling.plan import read_setting
from pbxbridge.services.extension_change import merged
from pbxbridge.services.extension_input import unparsed
from pbxbridge.services.extension_store import MANY, SiteDefaults, realtime_rows, views, write_seals
from pbxbridge.services.extension_view import fields_of
from pbxbridge.services.notify import notify
from pbxbridge.services.realtime_writer import RealtimeWriter
from pbxbridge.services.stored_credentials import read_credentials

# Which release's rows are in Asterisk's tables.
ROWS_OF, RELEASE = "rows_of", "2"
_NEWLY_USED = ("twinning_number", "external_caller_id", "emergency_caller_id", "phone_group")

log = structlog.get_logger(__name__)


async def write_what_calls_use_now(site: SiteDefaults) -> None:
    """Write the rows of what an earlier release stored; does nothing from the second time on."""
    if await read_setting(ROWS_OF) == RELEASE:
        return
    async with write_transaction() as transaction:
        await _write_dids(transaction)
        some = Q()
        for name in _NEWLY_USED:
            some |= Q(**{f"{name}__gt": ""})
        ids = await Extension.filter(some).using_db(transaction).values_list("id", flat=True)
        for first in range(0, len(ids), MANY):
            rows = Extension.filter(id__in=list(ids[first : first + MANY]))
            await _write_extensions(transaction, await rows.using_db(transaction), site)
        await SiteSetting.update_or_create({"value": RELEASE}, using_db=transaction, name=ROWS_OF)


async def _write_dids(transaction: TransactionalDBClient) -> None:
    stored = DialplanRow.filter(context=DID_CONTEXT).using_db(transaction)
    present = set(await stored.values_list("exten", flat=True))
    held = await Did.all().using_db(transaction).values_list("number", "extension__number")
    missing = [
        DialplanRow(**dialplan_columns(did_row(did, number)))
        for did, number in held
        if did not in present and not is_pattern(did)
    ]
    await DialplanRow.bulk_create(missing, batch_size=MANY, using_db=transaction)


async def _write_extensions(
    transaction: TransactionalDBClient, rows: Sequence[Extension], site: SiteDefaults
) -> None:
    credentials = await read_credentials(transaction, [row.number for row in rows], site.secrets)
    # One telling for all, below.
    writer = RealtimeWriter(transaction, cached=False)
    portal = {row.number: row for row in rows}
    for view in await views(rows, transaction):
        wanted, before = unparsed(fields_of(view)), writer.written
        try:
            own = merged(credentials[view.number], wanted)
        except Invalid:
            # Somebody took its mailbox out of Asterisk's table: a save will ask for a PIN.
            log.warning("upgrade.skipped", number=view.number)
            continue
        await write_seals(transaction, portal[view.number], wanted, own, site)
        await writer.write(view.number, realtime_rows(wanted, own, site))
        if writer.written > before and view.device_type is DeviceType.IAX2:
            await notify(transaction, NoticeKind.RELOAD_PEERS, view.number)
    if writer.written and site.sorcery_cache:
        await notify(transaction, NoticeKind.EXPIRE_CACHES, "")
