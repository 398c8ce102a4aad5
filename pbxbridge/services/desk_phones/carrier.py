"""Which extensions are on which phone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import NotFound
from pbxbridge.models.extension import DeviceType, Extension
from pbxbridge.services.extension_input import SIP_TYPES


@dataclass(frozen=True, slots=True)
class Carrier:
    """A phone and the SIP extensions on it, in the order of their registration numbers.

    ``primary`` is the first that is no SIP-VIRTUAL: the phone's make and model are its.
    """

    mac: str
    primary: Extension
    extensions: Sequence[Extension]


async def carriers_of(
    macs: Collection[str], transaction: TransactionalDBClient | None = None
) -> Mapping[str, Carrier]:
    """Return the phones of these MAC addresses that a SIP extension has, by address."""
    found = Extension.filter(mac__in=list(macs), device_type__in=[str(kind) for kind in SIP_TYPES])
    on_phone: dict[str, list[Extension]] = {}
    for row in await found.using_db(transaction).order_by("mac", "registration_number"):
        on_phone.setdefault(row.mac, []).append(row)
    return {
        mac: Carrier(mac, primary, rows)
        for mac, rows in on_phone.items()
        if (primary := next((row for row in rows if row.device_type == DeviceType.SIP), None))
    }


async def carrier_of(mac: str, transaction: TransactionalDBClient | None = None) -> Carrier:
    """Return the phone of a MAC address. Raises NotFound if no SIP extension has it."""
    carrier = (await carriers_of([mac], transaction)).get(mac)
    if carrier is None:
        raise NotFound(f"No SIP extension has the MAC address {mac}.")
    return carrier
