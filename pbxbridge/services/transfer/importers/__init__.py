"""What the columns of a file mean: in our own format, and in those of other systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pbxbridge.errors import Invalid
from pbxbridge.services.transfer.importers import freepbx, fusionpbx, own
from pbxbridge.services.transfer.importers.reading import Extracted, Reading

AUTO = "auto"

# In the order in which a file is held against them.
FORMATS: Mapping[str, Callable[[Sequence[str]], Reading | None]] = {
    own.NAME: own.reading,
    fusionpbx.NAME: fusionpbx.reading,
    freepbx.NAME: freepbx.reading,
}


def reading_of(columns: Sequence[str], name: str = AUTO) -> Reading:
    """Return how to read a file with these columns; ``name`` is a format's, or ``auto``.

    Raises Invalid for columns that the format does not know, or for a file of another kind.
    """
    if name != AUTO and name not in FORMATS:
        raise Invalid({"": f"There is no format {name}. Choose {', '.join((AUTO, *FORMATS))}."})
    for format_name, reading in FORMATS.items():
        if name in (AUTO, format_name) and (found := reading(columns)):
            return found
    if name in (AUTO, own.NAME):
        raise Invalid({"number": "This column is missing. It tells which extension a row is for."})
    raise Invalid({"": f"This is not a file as {name} writes it: it has no column “extension”."})


__all__ = ["AUTO", "FORMATS", "Extracted", "Reading", "reading_of"]
