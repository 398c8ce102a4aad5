"""How many extensions the licence allows: SIP, IAX2 and DAHDI count, virtual ones do not."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import F

from pbxbridge.errors import Invalid
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import DeviceType, Extension, LicenceUse

LICENSED = frozenset({DeviceType.SIP, DeviceType.IAX2, DeviceType.DAHDI})

# The one licence there is.
_LICENCE = "extensions"


@dataclass(frozen=True, slots=True)
class LicenceView:
    """How many licences are used, and how many there are (None: as many as wanted)."""

    used: int
    total: int | None


class Licences:
    """Counts licensed extensions in the transaction that makes or removes them.

    One row holds the count, and one statement checks and changes it, so that creates at the same
    moment cannot pass the limit together, on any engine and from any number of bridges.
    """

    def __init__(self, total: int | None) -> None:
        """Allow ``total`` licensed extensions, None for no limit."""
        self._total = total

    async def view(self) -> LicenceView:
        """Return used and total."""
        row = await LicenceUse.get_or_none(licence=_LICENCE)
        return LicenceView(row.used if row else 0, self._total)

    async def change(self, transaction: TransactionalDBClient, by: int) -> None:
        """Count ``by`` more (or fewer). Raises Invalid if that is more than the licence allows."""
        if by == 0:
            return
        row = LicenceUse.filter(licence=_LICENCE).using_db(transaction)
        if by > 0 and self._total is not None:
            row = row.filter(used__lte=self._total - by)
        if not await row.update(used=F("used") + by):
            raise Invalid(
                {
                    "device_type": f"All {self._total} licences are in use. "
                    "VIRTUAL and SIP-VIRTUAL extensions need none."
                }
            )


async def count_licences() -> None:
    """Count what is there, so that the first change finds the row; done at every start."""
    async with write_transaction() as transaction:
        licensed = Extension.filter(device_type__in=list(LICENSED)).using_db(transaction)
        used = await licensed.count()
        row, made = await LicenceUse.get_or_create(
            {"used": used}, using_db=transaction, licence=_LICENCE
        )
        if not made and row.used != used:
            await LicenceUse.filter(licence=_LICENCE).using_db(transaction).update(used=used)


def licences_for(device_type: str) -> int:
    """Return how many licences an extension of that type takes: 1 or 0."""
    return 1 if device_type in LICENSED else 0
