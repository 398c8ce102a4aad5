"""How many extensions and agents the licence allows; virtual extensions do not count."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import F

from pbxbridge.errors import Invalid
from pbxbridge.models.call_centre import Agent
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import DeviceType, Extension, LicenceUse

LICENSED = frozenset({DeviceType.SIP, DeviceType.IAX2, DeviceType.DAHDI})


@dataclass(frozen=True, slots=True)
class Licence:
    """What is licensed by number; ``field`` is where it is said that there are no more."""

    name: str
    field: str
    advice: str


EXTENSIONS = Licence("extensions", "device_type", " VIRTUAL and SIP-VIRTUAL extensions need none.")
AGENTS = Licence("agents", "number", "")


@dataclass(frozen=True, slots=True)
class LicenceView:
    """How many licences are used, and how many there are (None: as many as wanted)."""

    used: int
    total: int | None


class Licences:
    """Counts what is licensed in the transaction that makes or removes it.

    One row holds the count, and one statement checks and changes it, so that creates at the same
    moment cannot pass the limit together, on any engine and from any number of bridges.
    """

    def __init__(self, total: int | None, licence: Licence = EXTENSIONS) -> None:
        """Allow ``total`` of them, None for no limit."""
        self._total = total
        self._licence = licence

    async def view(self) -> LicenceView:
        """Return used and total."""
        row = await LicenceUse.get_or_none(licence=self._licence.name)
        return LicenceView(row.used if row else 0, self._total)

    async def change(self, transaction: TransactionalDBClient, by: int) -> None:
        """Count ``by`` more (or fewer). Raises Invalid if that is more than the licence allows."""
        if by == 0:
            return
        row = LicenceUse.filter(licence=self._licence.name).using_db(transaction)
        if by > 0 and self._total is not None:
            row = row.filter(used__lte=self._total - by)
        if not await row.update(used=F("used") + by):
            used = f"All {self._total} licences are in use.{self._licence.advice}"
            raise Invalid({self._licence.field: used})


async def count_licences() -> None:
    """Count what is there, so that the first change finds the rows; done at every start."""
    async with write_transaction() as transaction:
        licensed = Extension.filter(device_type__in=list(LICENSED)).using_db(transaction)
        await _put_count(transaction, EXTENSIONS, await licensed.count())
        await _put_count(transaction, AGENTS, await Agent.all().using_db(transaction).count())


async def _put_count(transaction: TransactionalDBClient, licence: Licence, used: int) -> None:
    name = licence.name
    row, made = await LicenceUse.get_or_create({"used": used}, using_db=transaction, licence=name)
    if not made and row.used != used:
        await LicenceUse.filter(licence=name).using_db(transaction).update(used=used)


def licences_for(device_type: str) -> int:
    """Return how many licences an extension of that type takes: 1 or 0."""
    return 1 if device_type in LICENSED else 0
