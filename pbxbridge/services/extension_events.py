"""What the bus is told of an extension that was saved."""

from __future__ import annotations

from pbxbridge.events import ExtensionSaved
from pbxbridge.models.extension import Extension
from pbxbridge.services.device_types import technology_of
from pbxbridge.services.extension_input import ExtensionInput


def saved(extension: Extension | ExtensionInput) -> ExtensionSaved:
    """Return the event, from the stored row or from what was stored."""
    technology = technology_of(extension.device_type)
    return ExtensionSaved(extension.number, extension.monitored, technology)
