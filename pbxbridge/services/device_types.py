"""The types of device, for pages and the API, which do not see the models."""

from pbxbridge.events import Technology
from pbxbridge.models.extension import DeviceType

__all__ = ["DeviceType", "technology_of"]

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
