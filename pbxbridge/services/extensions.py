"""What an administrator does with extensions: create, edit, delete, read the secret.

Every change is one transaction: portal row, Asterisk's realtime rows, what Asterisk must be told,
audit entry. It never waits for Asterisk, so a save works while the PBX is down.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus, ExtensionDeleted, OutboxChanged, Technology
from pbxbridge.models.calling import ClassOfService
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.device_types import technology_of
from pbxbridge.services.extension_bulk import BulkChange
from pbxbridge.services.extension_events import saved
from pbxbridge.services.extension_input import SIP_TYPES, ExtensionInput, parse_extension
from pbxbridge.services.extension_list import (
    ExtensionFilter,
    ExtensionPage,
    read_numbers,
    read_page,
)
from pbxbridge.services.extension_removal import (
    Outside,
    leaving,
    remove,
    usages_of,
)
from pbxbridge.services.extension_saver import ExtensionSaver
from pbxbridge.services.extension_store import SiteDefaults, find, look_up, shown_views, views
from pbxbridge.services.extension_view import ExtensionView, fields_of
from pbxbridge.services.licences import Licences, LicenceView
from pbxbridge.services.sip_secrets import readable
from pbxbridge.services.stored_credentials import own_auth_secret, own_secret
from pbxbridge.services.usages import InUse, Usage
from pbxbridge.services.user_extensions import linked_to


async def nothing_outside(_: Collection[str]) -> Outside:
    """Know of no device and no message: for where neither Asterisk nor its spool is at hand."""
    return Outside(registered=frozenset(), unheard={})


class Extensions:
    """The extensions of the PBX."""

    def __init__(
        self,
        bus: EventBus,
        site: SiteDefaults,
        licences: Licences,
        outside: Callable[[Collection[str]], Awaitable[Outside]] = nothing_outside,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Ask ``outside`` what the deletion of these numbers would break beyond the database."""
        self._bus = bus
        self._secrets = site.secrets
        self._licences = licences
        self._saver = ExtensionSaver(site, licences, clock)
        self._bulk = BulkChange(site, licences, clock)
        self._outside = outside

    async def page(
        self,
        wanted: ExtensionFilter | None = None,
        page: int = 1,
        per_page: int = 50,
        *,
        most: int | None = None,
    ) -> ExtensionPage:
        """Return one page of the list; no more than ``most`` matches are counted, None for all."""
        return await read_page(wanted or ExtensionFilter(), page, per_page, most)

    async def numbers(self, wanted: ExtensionFilter, most: int) -> list[str]:
        """Return the numbers of the first ``most`` extensions that match, in their order."""
        return await read_numbers(wanted, most)

    async def get(self, number: str) -> ExtensionView:
        """Return one extension, after a look whether its PIN was changed. Raises NotFound."""
        await self.notice_pin(number)
        (view,) = await shown_views([await find(number)])
        return view

    async def owned_by(self, login: str) -> list[ExtensionView]:
        """Return the extensions that a portal user is associated with."""
        return await shown_views(await linked_to(login).order_by("sort_key"))

    async def monitored(self) -> dict[str, bool]:
        """Return every extension's number and whether its device is monitored."""
        return dict(await Extension.all().values_list("number", "monitored"))

    async def technologies(self) -> dict[str, Technology]:
        """Return what reaches the device of each extension that is not of chan_pjsip."""
        others = Extension.exclude(device_type__in=[str(kind) for kind in SIP_TYPES])
        found = await others.values_list("number", "device_type")
        return {str(number): technology_of(str(kind)) for number, kind in found}

    async def classes_of_service(self) -> list[str]:
        """Return the names of the classes of service to choose from."""
        names = await ClassOfService.all().order_by("name").values_list("name", flat=True)
        return [str(name) for name in names]

    async def phone_groups(self) -> list[str]:
        """Return the names of the phone groups that have members."""
        named = Extension.filter(phone_group__gt="").order_by("phone_group").distinct()
        return [str(name) for name in await named.values_list("phone_group", flat=True)]

    async def licences(self) -> LicenceView:
        """Return how many licences are used."""
        return await self._licences.view()

    async def create(self, actor: Actor, wanted: ExtensionInput) -> tuple[ExtensionView, str]:
        """Create an extension; return it with its secret. Raises Invalid per field."""
        async with write_transaction() as transaction:
            row, secret = await self._saver.create(transaction, actor, wanted)
        return await self._saved(row.number), secret

    async def update(
        self,
        actor: Actor,
        number: str,
        changes: Mapping[str, object],
        *,
        version: int | None = None,
    ) -> ExtensionView:
        """Change fields of an extension; those that are not named stay.

        ``version`` is the one that the changes were made to; None overwrites whatever is there.
        Raises Invalid per field, NotFound, Conflict if somebody changed the extension meanwhile.
        """
        await self.notice_pin(number)
        async with write_transaction() as transaction:
            row = await find(number, transaction)
            _check_version(row, version)
            (present,) = await views([row], transaction)
            wanted = parse_extension({**fields_of(present), **changes})
            if wanted.number != number:
                raise Invalid({"number": "The number of an extension cannot be changed."})
            await self._saver.change(transaction, actor, row, wanted)
        return await self._saved(number)

    async def update_many(
        self, actor: Actor, numbers: Collection[str], changes: Mapping[str, object]
    ) -> list[ExtensionView]:
        """Make the same changes to several extensions, all or none.

        Raises Invalid, whose fields are named ``<number>: <field>``, NotFound, Conflict if others
        keep changing the same extensions.
        """
        asked = dict.fromkeys(numbers)
        others = await self._bulk.change(actor, asked, changes)
        rows = {row.number: row for row in await Extension.filter(number__in=[*asked, *others])}
        self._announce(rows.values())
        return await shown_views([rows[number] for number in asked if number in rows])

    async def change_own_pin(self, actor: Actor, number: str, pin: str) -> None:
        """Change the voicemail PIN, as its owner. Raises Invalid, NotFound."""
        if not pin.strip():
            raise Invalid({"voicemail_pin": "Enter the new PIN."})
        if not (await self.get(number)).voicemail:
            raise Invalid({"voicemail_pin": "This extension has no voicemail box."})
        await self.update(actor, number, {"voicemail_pin": pin})

    async def notice_pin(self, number: str) -> None:
        """Look whether the PIN was changed by phone, and take note. An unknown number is fine."""
        row = await look_up(number)
        if row is None or not row.voicemail or not await self._saver.pin_is_new(row):
            return
        async with write_transaction() as transaction:
            row = await look_up(number, transaction)
            noticed = row is not None and await self._saver.notice_pin(transaction, row)
        if row is not None and noticed:
            self._bus.publish(saved(row))

    async def usage(self, number: str) -> list[Usage]:
        """Return what still uses an extension, each of which a deletion must confirm.

        Raises NotFound.
        """
        await find(number)
        gone = await leaving(number)
        return await usages_of(gone, await self._outside(_numbers(gone)))

    async def delete(
        self,
        actor: Actor,
        number: str,
        confirmed: Collection[str] = (),
        *,
        version: int | None = None,
    ) -> None:
        """Delete an extension, its mailbox, and what cannot be without it.

        ``confirmed`` holds the keys of the usages that the person knows of, ``version`` the one
        that they saw (None: any). Raises InUse if there are other usages, Conflict if the
        extension was changed meanwhile, NotFound.
        """
        outside = await self._outside(_numbers(await leaving(number)))
        async with write_transaction() as transaction:
            _check_version(await find(number, transaction), version)
            gone = await leaving(number, transaction)
            usages = await usages_of(gone, outside, transaction)
            if any(usage.key not in confirmed for usage in usages):
                raise InUse(f"Extension {number}", usages)
            changed = await remove(transaction, actor, gone, self._saver, self._licences)
        for row in gone:
            self._bus.publish(ExtensionDeleted(row.number))
        self._announce(await Extension.filter(number__in=changed))

    async def secret(self, actor: Actor, number: str) -> str:
        """Return the device's secret; that it was read is audited. Raises NotFound, Conflict."""
        async with write_transaction() as transaction:
            return await self.secret_within(transaction, actor, number)

    async def secret_within(
        self, transaction: TransactionalDBClient, actor: Actor, number: str
    ) -> str:
        """Do so in a transaction that the caller opened. Raises NotFound, Conflict."""
        row = await find(number, transaction)
        await audit.record(transaction, actor, "extension.secret-read", number)
        return readable(await own_secret(row, self._secrets))

    async def new_secret_within(self, transaction: TransactionalDBClient, number: str) -> str:
        """Give the device a new random secret; the caller audits that. Raises NotFound, Invalid."""
        return await self._saver.replace_secret(transaction, await find(number, transaction))

    async def auth_secret(self, actor: Actor, number: str) -> str:
        """Return the secret of the auth override, empty without one; audited.

        Raises NotFound, Conflict.
        """
        async with write_transaction() as transaction:
            row = await find(number, transaction)
            await audit.record(transaction, actor, "extension.auth-secret-read", number)
            return readable(await own_auth_secret(row, self._secrets))

    async def regenerate_secret(self, actor: Actor, number: str) -> str:
        """Give the device a new random secret and return it. Raises NotFound, Invalid."""
        async with write_transaction() as transaction:
            secret = await self.new_secret_within(transaction, number)
            await audit.record(transaction, actor, "extension.secret-regenerated", number)
        return secret

    async def _saved(self, number: str) -> ExtensionView:
        row = await find(number)
        self._announce([row])
        (view,) = await shown_views([row])
        return view

    def _announce(self, rows: Iterable[Extension]) -> None:
        for row in rows:
            self._bus.publish(saved(row))
        self._bus.publish(OutboxChanged())


def _check_version(row: Extension, version: int | None) -> None:
    if version is not None and version != row.version:
        raise Conflict(
            f"Extension {row.number} was changed meanwhile, here or by phone. "
            "Look at what it is now, and save again if you still want to."
        )


def _numbers(rows: Iterable[Extension]) -> list[str]:
    return [row.number for row in rows]


__all__ = ["ExtensionFilter", "ExtensionPage", "Extensions", "SiteDefaults"]
