"""Creates and changes one extension inside a transaction, with links, Asterisk's rows and audit.

What the services that own a transaction have in common: the screen's single save, a bulk edit, the
clearing of what pointed at a deleted extension.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from pbxbridge.errors import Invalid
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.services import audit, realtime_writer
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.static_members import move_static_members
from pbxbridge.services.calling.checks import wrong_forwards
from pbxbridge.services.calling.groups import write_group_rows
from pbxbridge.services.device_types import device_of
from pbxbridge.services.extension_change import (
    NO_CREDENTIALS,
    Credentials,
    merged,
    new_secret,
    notices_of,
    outdated_by,
    renewed,
    wrong_links,
)
from pbxbridge.services.extension_checks import wrong_number, wrong_references
from pbxbridge.services.extension_input import ExtensionInput, unparsed
from pbxbridge.services.extension_phone import leave_phone, left_behind, moving_along
from pbxbridge.services.extension_store import (
    SiteDefaults,
    assign,
    realtime_rows,
    sealed_columns,
    set_columns,
    views,
    write_links,
    write_seals,
)
from pbxbridge.services.extension_view import audited, fields_of, pin_digest
from pbxbridge.services.licences import Licences, licences_for
from pbxbridge.services.notify import notify
from pbxbridge.services.realtime_writer import RealtimeWriter
from pbxbridge.services.stored_credentials import own_credentials

# Who changed a PIN through the voicemail menu: Asterisk does not say from which phone.
PHONE = Actor("phone", "")


class ExtensionSaver:
    """Saves extensions in transactions that its callers open."""

    def __init__(
        self, site: SiteDefaults, licences: Licences, clock: Callable[[], datetime]
    ) -> None:
        self._site = site
        self._licences = licences
        self._now = clock

    async def create(
        self, transaction: TransactionalDBClient, actor: Actor, wanted: ExtensionInput
    ) -> tuple[Extension, str]:
        """Create an extension; return its row and its secret. Raises Invalid per field."""
        wrong = {
            **await wrong_number(transaction, wanted.number),
            **await wrong_forwards(transaction, wanted, None),
            **wrong_links(None, wanted, can_link=self._site.can_link),
        }
        credentials = await _checked(transaction, wanted, NO_CREDENTIALS, wrong)
        await self._licences.change(transaction, licences_for(wanted.device_type))
        row, now = Extension(number=wanted.number), self._now()
        assign(row, wanted, now)
        set_columns(row, sealed_columns(wanted, credentials, self._site))
        row.pin_digest = pin_digest(wanted.number, wanted.voicemail_pin)
        await row.save(using_db=transaction)
        await write_links(transaction, row, wanted)
        rows = realtime_rows(wanted, credentials, self._site)
        try:
            await self.writer(transaction).insert(row.number, rows)
        except IntegrityError as taken:
            sentence = f"Asterisk's tables hold a {row.number} that was not made here."
            raise Invalid({"number": sentence}) from taken
        await self._write_groups(transaction, row.phone_group)
        (view,) = await views([row], transaction)
        for kind, subject in notices_of(None, wanted):
            await notify(transaction, kind, subject)
        await audit.record(transaction, actor, "extension.created", row.number, after=audited(view))
        return row, credentials.secret

    async def change(
        self,
        transaction: TransactionalDBClient,
        actor: Actor,
        row: Extension,
        wanted: ExtensionInput,
        *,
        clearing: bool = False,
    ) -> bool:
        """Make a stored extension what is wanted; return whether that changed anything.

        Empty credentials keep the present ones. ``clearing`` only takes away forwards to what is
        deleted, which nothing may prevent. Raises Invalid per field.
        """
        (before,) = await views([row], transaction)
        stored = await own_credentials(row, self._site.secrets)
        along = await moving_along(transaction, before, wanted)
        wrong = {} if clearing else await wrong_forwards(transaction, wanted, before)
        links = wrong_links(before, wanted, can_link=self._site.can_link)
        wrong = {**left_behind(along, wanted), **links, **wrong}
        credentials = await _checked(transaction, wanted, stored, wrong)
        new = renewed(stored, wanted, credentials)
        by = licences_for(wanted.device_type) - licences_for(before.device_type)
        await self._licences.change(transaction, by)
        assign(row, wanted, self._now())
        await write_links(transaction, row, wanted)
        (after,) = await views([row], transaction)
        await self._write_rows(transaction, row, wanted, credentials)
        if after == before and not new:
            return False
        if new.pin or not row.voicemail:
            row.pin_digest = pin_digest(row.number, credentials.pin if row.voicemail else "")
            row.pin_changed_by_phone_at = None
        if before.mac != after.mac:
            await leave_phone(transaction, row.id, before.mac)
        row.version += 1
        await row.save(using_db=transaction)
        await self._write_groups(transaction, before.phone_group, after.phone_group)
        if device_of(before) != device_of(after):
            await move_static_members(transaction, [row.number])
        for kind in outdated_by(before, wanted):
            await (
                AsteriskNotice.filter(kind=kind, subject=row.number).using_db(transaction).delete()
            )
        for kind, subject in notices_of(before, wanted):
            await notify(transaction, kind, subject)
        if after != before:
            await audit.record(
                transaction,
                actor,
                "extension.changed",
                row.number,
                audited(before),
                audited(after),
            )
        for action in new.actions():
            await audit.record(transaction, actor, action, row.number)
        for virtual in along:
            await self._move(transaction, actor, virtual, wanted.mac)
        return True

    async def _move(
        self, transaction: TransactionalDBClient, actor: Actor, row: Extension, mac: str
    ) -> None:
        (view,) = await views([row], transaction)
        try:
            await self.change(transaction, actor, row, unparsed({**fields_of(view), "mac": mac}))
        except Invalid as invalid:
            why = " ".join(invalid.fields.values())
            sentence = f"SIP-VIRTUAL {row.number} cannot come along: {why}"
            raise Invalid({"mac": sentence}) from invalid

    async def replace_secret(self, transaction: TransactionalDBClient, row: Extension) -> str:
        """Give the device a new random secret and return it. Raises Invalid if it has none."""
        stored = await own_credentials(row, self._site.secrets)
        if not stored.secret:
            raise Invalid({"": f"A {row.device_type} extension has no secret."})
        secret = new_secret()
        (view,) = await views([row], transaction)
        wanted = unparsed({**fields_of(view), "secret": secret})
        credentials = merged(stored, wanted)
        await self._write_rows(transaction, row, wanted, credentials)
        row.version += 1
        await row.save(using_db=transaction, update_fields=["version"])
        for kind, subject in notices_of(view, wanted):
            await notify(transaction, kind, subject)
        return secret

    async def pin_is_new(self, row: Extension) -> bool:
        """Whether the box has another PIN than the portal last saw."""
        pin = await realtime_writer.stored_pin(row.number)
        return pin_digest(row.number, pin) != row.pin_digest

    async def notice_pin(self, transaction: TransactionalDBClient, row: Extension) -> bool:
        """Take note if the PIN was changed by phone; return whether it was."""
        if not row.voicemail:
            return False
        digest = pin_digest(row.number, await realtime_writer.stored_pin(row.number))
        if digest == row.pin_digest:
            return False
        # A row from before the portal kept digests says nothing about who changed what.
        by_phone = bool(row.pin_digest)
        row.pin_digest = digest
        if by_phone:
            row.pin_changed_by_phone_at = self._now()
            row.version += 1
            await audit.record(transaction, PHONE, "extension.pin-changed", row.number)
        await row.save(
            using_db=transaction,
            update_fields=["pin_digest", "pin_changed_by_phone_at", "version"],
        )
        return by_phone

    def writer(self, transaction: TransactionalDBClient) -> RealtimeWriter:
        """Return what writes to Asterisk's tables in this transaction."""
        return RealtimeWriter(transaction, cached=self._site.sorcery_cache)

    async def leave_groups(
        self, transaction: TransactionalDBClient, number: str, phone_group: str
    ) -> None:
        """Have phone groups neither ring an extension that is gone nor send calls to it."""
        sending = PhoneGroup.filter(fallback=number).using_db(transaction)
        names = [str(name) for name in await sending.values_list("name", flat=True)]
        await sending.update(fallback="", version=F("version") + 1)
        await self._write_groups(transaction, phone_group, *names)

    async def _write_groups(self, transaction: TransactionalDBClient, *names: str) -> None:
        """Have the groups that the extension was and is in ring who is there now."""
        if any(names):
            await write_group_rows(transaction, set(names), self._site.ring_time)

    async def _write_rows(
        self,
        transaction: TransactionalDBClient,
        row: Extension,
        wanted: ExtensionInput,
        credentials: Credentials,
    ) -> None:
        """Write Asterisk's rows, and with them the seals: a digest alone would lose the secret."""
        await write_seals(transaction, row, wanted, credentials, self._site)
        rows = realtime_rows(wanted, credentials, self._site)
        await self.writer(transaction).write(wanted.number, rows)


async def _checked(
    transaction: TransactionalDBClient,
    wanted: ExtensionInput,
    stored: Credentials,
    wrong_so_far: Mapping[str, str],
) -> Credentials:
    """Return the credentials after a save. Raises Invalid with all that is wrong, not the first."""
    wrong = {**wrong_so_far, **await wrong_references(transaction, wanted)}
    try:
        credentials = merged(stored, wanted)
    except Invalid as invalid:
        raise Invalid({**wrong, **invalid.fields}) from invalid
    if wrong:
        raise Invalid(wrong)
    return credentials
