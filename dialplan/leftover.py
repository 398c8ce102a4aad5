"""Rows of the realtime dialplan that nobody but pbxbridge writes, known by what they say."""

from dialplan.extension_row import CONTEXT as EXTENSIONS
from dialplan.extension_row import SUBROUTINE, Row
from dialplan.group_rows import SUBROUTINES as GROUP_SUBROUTINES
from dialplan.inbound import CONTEXT as DID
from dialplan.queue_rows import AGENTS, DEVICES, REASONS
from dialplan.queue_rows import SUBROUTINE as QUEUE_SUBROUTINE


def is_extension(row: Row) -> bool:
    """Whether this is the row of an extension, though the portal may have none of that number."""
    return _calls(row, SUBROUTINE)


def is_group(row: Row) -> bool:
    """Whether this is a row of a phone group."""
    return _calls(row, *GROUP_SUBROUTINES)


def is_queue(row: Row) -> bool:
    """Whether this is the row of a queue's number."""
    return _calls(row, QUEUE_SUBROUTINE)


def is_of_agents(row: Row) -> bool:
    """Whether this is a row of an agent, of a phone where agents log in, or of why they pause."""
    return row.context in (AGENTS, DEVICES, REASONS)


def is_did(row: Row) -> bool:
    """Whether this is the row of a DID."""
    target = row.appdata.split(",")
    return row.context == DID and row.app == "Goto" and target[:1] + target[2:] == [EXTENSIONS, "1"]


def _calls(row: Row, *subroutines: str) -> bool:
    called = row.appdata.partition(",")[0]
    return row.context == EXTENSIONS and row.app == "Gosub" and called in subroutines
