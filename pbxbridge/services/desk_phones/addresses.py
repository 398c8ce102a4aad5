"""The address of a phone's own: making it, taking it back, and whose phone asks.

Who knows it gets the secrets of the phone's extensions, and nobody else does: it has 256 random
bits, of which a hash is kept. It dies with the extension that it was made for, or when that leaves
the phone, and is no good while the phone is another's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.models.database import write_transaction
from pbxbridge.models.phone import DeskPhone
from pbxbridge.phones.make import Make
from pbxbridge.phones.makes import Makes
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.desk_phones.carrier import Carrier, carrier_of
from pbxbridge.services.secret_links import PROVISIONING_PATH, hash_of, may_hold_secrets, new_token


class NoSuchAddress(NotFound):
    """The token is no phone's, or not any more."""


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address that was just made, which is shown once.

    ``entered`` is what the phone is told, and ``entering`` says where.
    """

    mac: str
    make: str
    entering: str
    entered: str = field(repr=False)


class Addresses:
    """Makes and takes back the addresses of phones."""

    def __init__(
        self, public_url: str, makes: Makes, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """``public_url`` is where phones reach the bridge, empty if nobody said."""
        self._base = public_url.rstrip("/")
        self._makes = makes
        self._now = clock

    def url(self, token: str) -> str:
        """Return the address of the phone with this token, without a file's name."""
        return f"{self._base}{PROVISIONING_PATH}{token}"

    async def make(self, actor: Actor, mac: str) -> NewAddress:
        """Give a phone a new address; the one it had is no good any more.

        Raises NotFound, Invalid if no phone could use it.
        """
        self._check_base()
        token = new_token()
        async with write_transaction() as transaction:
            carrier = await carrier_of(mac, transaction)
            make = self._fetching(carrier)
            row = await phone_row(transaction, carrier)
            row.token_hash, row.token_made_at = hash_of(token), self._now()
            await row.save(using_db=transaction)
            await audit.record(transaction, actor, "phone.address-made", mac)
        return NewAddress(mac, make.name, make.entering, make.address_for(self.url(token), mac))

    async def revoke(self, actor: Actor, mac: str) -> None:
        """Take the address of a phone back. Raises NotFound if it has none."""
        async with write_transaction() as transaction:
            row = await DeskPhone.get_or_none(mac=mac, using_db=transaction)
            if row is None or not row.token_hash:
                raise NotFound(f"The phone {mac} has no address.")
            row.token_hash, row.token_made_at = "", None
            await row.save(using_db=transaction)
            await audit.record(transaction, actor, "phone.address-removed", mac)

    def _check_base(self) -> None:
        if may_hold_secrets(self._base):
            return
        raise Invalid(
            {
                "": "A phone's address must begin with https://, since its file holds secrets. "
                "Set PBXBRIDGE_WEB__PUBLIC_URL to where phones reach the bridge by HTTPS."
            }
        )

    def _fetching(self, carrier: Carrier) -> Make:
        name = carrier.primary.phone_make
        make = self._makes.find(name)
        if make is None:
            sentence = f"Choose the phone's make at extension {carrier.primary.number} first"
            raise Invalid(
                {"": f"{sentence}: {name} is not in the list." if name else f"{sentence}."}
            )
        if not make.files:
            raise Invalid({"": f"{make.name} fetches no configuration: a person sets it up."})
        return make


async def phone_row(transaction: TransactionalDBClient, carrier: Carrier) -> DeskPhone:
    """Return what is stored of a phone: of this owner's alone, and maybe not stored yet."""
    row = await DeskPhone.get_or_none(mac=carrier.mac, using_db=transaction)
    if row is not None and row.extension_id != carrier.primary.id:
        await row.delete(using_db=transaction)
        row = None
    return row or DeskPhone(mac=carrier.mac, extension_id=carrier.primary.id)


async def mac_of(token_hash: str) -> str:
    """Return whose phone asks, by the hash of its token. Raises NoSuchAddress."""
    row = await DeskPhone.get_or_none(token_hash=token_hash)
    if row is None:
        raise NoSuchAddress("There is no such address.")
    return row.mac
