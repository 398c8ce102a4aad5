"""Values of a message as app_voicemail writes them, whichever store it is in."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.+-]{1,80}")
_MSG_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAME_AND_NUMBER = re.compile(r'\s*"?(?P<name>.*?)"?\s*<(?P<number>[^<>]*)>\s*', re.DOTALL)


def checked_name(name: str) -> str:
    """Return the name of a mailbox or a context. Raises ValueError for what cannot be one."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a mailbox or of its context")
    return name


def is_msg_id(value: str) -> bool:
    """Tell whether this names a message."""
    return _MSG_ID.fullmatch(value) is not None


def parse_caller(callerid: str) -> tuple[str, str]:
    """Split what ``ast_callerid_merge`` joined: ``"name" <number>``, one of them, or Unknown."""
    if both := _NAME_AND_NUMBER.fullmatch(callerid):
        return both["name"].strip(), both["number"].strip()
    # The database has nothing from a `;` in the name on: Asterisk reads it for a comment.
    alone = callerid.strip().removeprefix('"')
    if alone in ("", "Unknown"):
        return "", ""
    return ("", alone) if re.fullmatch(r"[0-9+*#]+", alone) else (alone, "")


def parse_time(epoch: str | int | None) -> datetime | None:
    """Return the moment of so many seconds since 1970, None if there is none."""
    try:
        return datetime.fromtimestamp(int(epoch or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None
