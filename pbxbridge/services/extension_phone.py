"""The phone that carries several extensions: its SIP-VIRTUALs stay with the SIP extension on it.

Everything here works in a transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.extension import DeviceType, Extension
from pbxbridge.models.phone import DeskPhone
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extension_view import ExtensionView


async def carried_by(
    number: str, device_type: str, mac: str, transaction: TransactionalDBClient | None = None
) -> list[Extension]:
    """Return the SIP-VIRTUALs that would be on no device without this extension on that phone."""
    if device_type != DeviceType.SIP or not mac:
        return []
    on_phone = Extension.filter(mac=mac).exclude(number=number).using_db(transaction)
    if await on_phone.filter(device_type=DeviceType.SIP).exists():
        return []
    return await on_phone.filter(device_type=DeviceType.SIP_VIRTUAL).order_by("sort_key")


async def moving_along(
    transaction: TransactionalDBClient, before: ExtensionView, wanted: ExtensionInput
) -> Sequence[Extension]:
    """Return the SIP-VIRTUALs that go to another phone with the extension, if they can."""
    stays = wanted.device_type is DeviceType.SIP
    if stays and wanted.mac == before.mac:
        return ()
    return await carried_by(before.number, before.device_type, before.mac, transaction)


def left_behind(along: Sequence[Extension], wanted: ExtensionInput) -> Mapping[str, str]:
    """Return what is wrong if the extension stops to be what carries these, by field."""
    stays = wanted.device_type is DeviceType.SIP
    if not along or (stays and wanted.mac):
        return {}
    numbers = ", ".join(row.number for row in along)
    sentence = f"SIP-VIRTUAL {numbers} would be on no device. Delete or move that first."
    return {"mac" if stays else "device_type": sentence}


async def leave_phone(transaction: TransactionalDBClient, extension_id: int, mac: str) -> None:
    """Forget the address that a phone fetches its files at, if it was made for this extension."""
    left = DeskPhone.filter(mac=mac, extension_id=extension_id).using_db(transaction)
    await left.delete()
