"""pbxbridge's own format: a column for each field of ExtensionInput, named as the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pbxbridge.errors import Invalid
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.transfer.importers.reading import Extracted, Reading

NAME = "pbxbridge"
COLUMNS = tuple(ExtensionInput.model_fields)


def reading(columns: Sequence[str]) -> Reading | None:
    """Return how to read the file, None if it is not ours. Raises Invalid for unknown columns."""
    if "number" not in columns:
        return None
    if unknown := [column for column in columns if column not in COLUMNS]:
        raise Invalid({column or "(no name)": "There is no such column." for column in unknown})
    return Reading(NAME, {column: column for column in columns}, (), _extract)


def _extract(cells: Mapping[str, str]) -> Extracted:
    return Extracted(cells)
