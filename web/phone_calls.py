"""What the portal shows of a phone's calls: the word on the row, and the section of its tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pbxbridge.services.device_types import DeviceType
from pbxbridge.services.extension_view import ExtensionView

# Asterisk names the channel of such a device by the extension's number.
FOLLOWED = frozenset({DeviceType.SIP, DeviceType.SIP_VIRTUAL, DeviceType.IAX2})


def is_followed(view: ExtensionView) -> bool:
    """Whether it can be told what the phone of this extension does."""
    return view.device_type in FOLLOWED


async def calls_section(_request: web.Request, view: ExtensionView) -> Mapping[str, Any]:
    """Read what the section on calls shows."""
    return {
        "can_ring": view.device_type is not DeviceType.VIRTUAL,
        "is_followed": is_followed(view),
    }
