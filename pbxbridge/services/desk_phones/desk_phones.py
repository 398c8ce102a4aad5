"""Desk phones that set themselves up: what the portal does with them, in one place."""

from __future__ import annotations

from pbxbridge.phones.makes import Makes
from pbxbridge.services.actor import Actor
from pbxbridge.services.desk_phones.addresses import Addresses, NewAddress
from pbxbridge.services.desk_phones.files import Asked, ConfigurationFile, PhoneFiles
from pbxbridge.services.desk_phones.listing import PhonePage, PhoneView, read_phone, read_phones
from pbxbridge.services.desk_phones.resync import Resync


class DeskPhones:
    """The phones whose MAC addresses extensions have."""

    def __init__(
        self, makes: Makes, addresses: Addresses, files: PhoneFiles, resync: Resync
    ) -> None:
        self.makes = makes
        self._addresses = addresses
        self._files = files
        self._resync = resync

    async def page(self, search: str = "", page: int = 1, per_page: int = 50) -> PhonePage:
        """Return one page of the list of phones, those with ``search`` in what is shown."""
        return await read_phones(self.makes, search, page, per_page)

    async def get(self, mac: str) -> PhoneView:
        """Return one phone. Raises NotFound."""
        return await read_phone(self.makes, mac)

    async def new_address(self, actor: Actor, mac: str) -> NewAddress:
        """Give a phone a new address, audited. Raises NotFound, Invalid."""
        return await self._addresses.make(actor, mac)

    async def revoke_address(self, actor: Actor, mac: str) -> None:
        """Take the address of a phone back, audited. Raises NotFound."""
        await self._addresses.revoke(actor, mac)

    async def resync(self, actor: Actor, mac: str) -> None:
        """Have a phone fetch its configuration. Raises NotFound, Conflict, AsteriskUnavailable."""
        await self._resync.tell(actor, mac)

    async def file_by_token(self, token: str, asked: Asked) -> ConfigurationFile:
        """Return a file of the phone whose own address has this token. Raises NotFound, NoFile."""
        return await self._files.by_token(token, asked, self._addresses.url(token))

    async def file_by_mac(self, asked: Asked) -> ConfigurationFile:
        """Return a file whose name has the phone's MAC address in it. Raises NotFound, NoFile."""
        return await self._files.by_mac(asked)
