"""Values of an extension as cells of a CSV file. Pure."""

from __future__ import annotations

from pbxbridge.services.extension_input import WRITE_ONLY
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.transfer.importers import own

# What is secret never leaves by a file, so it is no column of one.
EXPORTED = tuple(name for name in own.COLUMNS if name not in WRITE_ONLY)


def cell_of(value: object) -> str:
    """Return a field's value as the cell that is read back as the same."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)


def cells_of(view: ExtensionView) -> list[str]:
    """Return an extension as a row below EXPORTED."""
    return [cell_of(getattr(view, name)) for name in EXPORTED]
