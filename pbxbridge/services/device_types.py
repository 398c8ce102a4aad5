"""The types of device, for pages and the API, which do not see the models."""

from typing import Protocol

from pbxbridge.events import Technology
from pbxbridge.models.extension import DeviceType

__all__ = ["DeviceType", "device_of", "technology_of"]

_TECHNOLOGIES = {
    DeviceType.SIP: Technology.PJSIP,
    DeviceType.SIP_VIRTUAL: Technology.PJSIP,
    DeviceType.IAX2: Technology.IAX2,
    DeviceType.DAHDI: Technology.DAHDI,
    DeviceType.VIRTUAL: Technology.NONE,
}


def technology_of(device_type: str) -> Technology:
    """Return what reaches a device of that type."""
    return _TECHNOLOGIES[DeviceType(device_type)]


class HasDevice(Protocol):
    """An extension as far as its device goes."""

    @property
    def number(self) -> str:
        """Its number."""

    @property
    def device_type(self) -> str:
        """Its type."""

    @property
    def dahdi_channel(self) -> str:
        """Its channel, if it is of DAHDI."""


def device_of(extension: HasDevice) -> str:
    """Return what Asterisk dials for an extension, as PJSIP/1002, empty without a device."""
    match technology_of(extension.device_type):
        case Technology.NONE:
            return ""
        case Technology.DAHDI:
            return f"{Technology.DAHDI}/{extension.dahdi_channel}"
        case technology:
            return f"{technology}/{extension.number}"
