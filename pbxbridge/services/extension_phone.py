"""The phone that carries several extensions: its SIP-VIRTUALs stay with the SIP extension on it.

Everything here works in a transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Invalid
from pbxbridge.models.extension import DeviceType, Extension
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
    """Return the SIP-VIRTUALs that go to another phone with the extension.

    Raises Invalid if it stops to be what carries them.
    """
    stays = wanted.device_type is DeviceType.SIP
    if stays and wanted.mac == before.mac:
        return ()
    carried = await carried_by(before.number, before.device_type, before.mac, transaction)
    if carried and not (stays and wanted.mac):
        numbers = ", ".join(row.number for row in carried)
        sentence = f"SIP-VIRTUAL {numbers} would be on no device. Delete or move that first."
        raise Invalid({"mac" if stays else "device_type": sentence})
    return carried
