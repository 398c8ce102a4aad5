"""Calls from trunks as rows and lines: which DID rings what (context ``from-trunk``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dialplan.config_line import ConfigLine, category, exten, harmless
from dialplan.extension_row import CONTEXT as EXTENSIONS
from dialplan.extension_row import Row

CONTEXT = "did"
FROM_TRUNK = "from-trunk"
PATTERNS = "did-patterns"
UNKNOWN = "did-unknown"
TRUNKS = "trunks"


def is_pattern(did: str) -> bool:
    """Whether a DID is a pattern, which only the static part of the dialplan matches in order."""
    return did.startswith("_")


def did_row(did: str, number: str) -> Row:
    """Return the row by which a DID rings an extension."""
    return Row(CONTEXT, did, 1, "Goto", ",".join(harmless(EXTENSIONS, number, "1")))


def did_pattern_lines(owners: Mapping[str, str]) -> tuple[ConfigLine, ...]:
    """Return the lines of the DIDs that are patterns; ``owners`` has each one's extension."""
    return category(
        PATTERNS,
        [exten(did, "Goto", EXTENSIONS, number, "1") for did, number in owners.items()],
    )


def unknown_did_lines(target: str) -> tuple[ConfigLine, ...]:
    """Return the lines by which all other DIDs ring ``target``; none if it is empty."""
    if not target:
        return ()
    return category(UNKNOWN, [exten("s", "Goto", EXTENSIONS, target, "1")])


def trunk_lines(caller_ids: Iterable[tuple[str, str]]) -> tuple[ConfigLine, ...]:
    """Return the lines that tell each trunk's caller ID, which may be empty."""
    return category(
        TRUNKS,
        [exten(name, "Return", caller_id) for name, caller_id in caller_ids],
    )
