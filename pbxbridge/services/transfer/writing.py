"""Carries out what was planned: prepares every row, then writes all in one short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from pbxbridge.errors import Conflict
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.static_members import move_static_members
from pbxbridge.services.calling.groups import write_group_rows
from pbxbridge.services.calling.plan import rewrite
from pbxbridge.services.extension_search import indexed_at_once
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.licences import Licences, licences_for
from pbxbridge.services.notify import notify
from pbxbridge.services.sorcery_cache import EXPIRY, expiries
from pbxbridge.services.transfer.bulk_write import AT_ONCE, BulkWrite
from pbxbridge.services.transfer.facts import read_facts
from pbxbridge.services.transfer.lookup import batches, by_key
from pbxbridge.services.transfer.plan import Basis, PlannedRow
from pbxbridge.services.transfer.progress import Counter, Tell, in_stretches
from pbxbridge.services.transfer.rows import (
    Writing,
    devices_touched,
    groups_touched,
    has_links,
    has_patterns,
    realtime_keys,
    users_touched,
)
from pbxbridge.services.transfer.stored import read_realtime

PREPARING, WRITING = "Preparing", "Writing"
CHANGED_MEANWHILE = (
    "Something that this file touches was changed meanwhile. Nothing was imported. "
    "Check the file again."
)


class PlanWriter:
    """Writes plans, in the name of an actor."""

    def __init__(self, actor: Actor, site: SiteDefaults, licences: Licences, now: datetime) -> None:
        self._actor = actor
        self._site = site
        self._licences = licences
        self._now = now

    async def write(self, basis: Basis, rows: Sequence[PlannedRow], tell: Tell) -> None:
        """Write what was planned on this basis, all or none.

        Meanwhile nobody else can write, and on SQLite the portal cannot even read, for it has one
        connection: so the transaction holds what can only be done in it. Raises Conflict if the
        basis holds no more, Invalid if there are not enough licences any more.
        """
        batch = await self._prepared(basis, rows, tell)
        try:
            async with write_transaction() as transaction:
                if await read_facts(transaction, basis.mentioned) != basis.facts:
                    raise Conflict(CHANGED_MEANWHILE)
                await self._licences.change(transaction, _more_licences(rows))
                are_new = any(row.asked.before is None for row in rows)
                if self._site.sorcery_cache:
                    for kind, subject in expiries([*batch.changed(EXPIRY)]):
                        await notify(transaction, kind, subject)
                async with indexed_at_once(transaction) if are_new else nullcontext():
                    await batch.write(transaction, Counter(WRITING, len(batch), tell))
                await self._write_links(transaction, basis, rows)
                await write_group_rows(transaction, groups_touched(rows), self._site.ring_time)
                await move_static_members(transaction, devices_touched(rows))
                if any(has_patterns(row.asked) for row in rows):
                    await rewrite(transaction)
        except IntegrityError as taken:
            raise Conflict(CHANGED_MEANWHILE) from taken

    async def _prepared(self, basis: Basis, rows: Sequence[PlannedRow], tell: Tell) -> BulkWrite:
        batch = BulkWrite()
        writing = self._writing(batch, basis)
        connection, versions = Tortoise.get_connection("default"), basis.facts.versions
        stored = await read_realtime(connection, realtime_keys(rows, self._site))
        async for some in in_stretches(rows, PREPARING, tell):
            for row in some:
                if row.asked.before is None:
                    writing.create(row.asked)
                else:
                    row_id, _ = versions[row.asked.number]
                    writing.change(row, row.asked.before, row_id, stored)
        return batch

    def _writing(self, batch: BulkWrite, basis: Basis) -> Writing:
        dialect = Tortoise.get_connection("default").capabilities.dialect
        # As Tortoise's adapter for SQLite writes it, which Python calls for each value anew.
        now = self._now.isoformat(" ") if dialect == "sqlite" else self._now
        return Writing(batch, self._actor, self._site, basis.facts.nodes, now)

    async def _write_links(
        self, transaction: TransactionalDBClient, basis: Basis, rows: Sequence[PlannedRow]
    ) -> None:
        """Write users and DIDs: only now do new extensions have the ids that these refer to."""
        linked = [row.asked for row in rows if has_links(row.asked)]
        numbers = [asked.number for asked in linked]
        ids = await by_key(transaction, Extension, "number", "id", numbers)
        batch = BulkWrite()
        writing = self._writing(batch, basis)
        for asked in linked:
            writing.link(asked, ids[asked.number], basis.facts.user_ids)
        await batch.write(transaction, lambda _: None)
        # A user's extensions are part of what is shown of the user.
        logins = set().union(*map(users_touched, linked))
        touched = [id_ for login, id_ in basis.facts.user_ids.items() if login in logins]
        for some in batches(touched, AT_ONCE):
            users = User.filter(id__in=some).using_db(transaction)
            await users.update(version=F("version") + 1)


def _more_licences(rows: Sequence[PlannedRow]) -> int:
    after = sum(licences_for(row.asked.wanted.device_type) for row in rows)
    return after - sum(
        licences_for(row.asked.before.device_type) for row in rows if row.asked.before
    )
