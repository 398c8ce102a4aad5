"""One extension as one row of Asterisk's realtime dialplan (see extensions.conf)."""

import re
from dataclasses import dataclass

CONTEXT = "extensions"
SUBROUTINE = "sub-extension"

# Asterisk substitutes ${...} and splits at commas in a row's appdata, so only words without any
# meaning to it may become an argument (pbx.c, pbx_extension_helper).
_HARMLESS = re.compile(r"[A-Za-z0-9_@/*#+.-]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the realtime table ``extensions``."""

    context: str
    exten: str
    priority: int
    app: str
    appdata: str


def extension_row(  # noqa: PLR0913 - the arguments are the subroutine's, one to one
    *,
    number: str,
    device: str,
    mailbox: str,
    ring_time: int,
    forward_all: str,
    class_of_service: str,
) -> Row:
    """Return the row that makes ``number`` callable.

    ``device`` is a dial string such as ``PJSIP/1002``; ``mailbox`` (``1002@default``) and
    ``forward_all`` may be empty; ``ring_time`` is in seconds.

    Raises ValueError if an argument could mean anything to the dialplan's evaluation.
    """
    arguments = (device, mailbox, str(ring_time), forward_all, class_of_service)
    for value in (number, *arguments):
        if not _HARMLESS.fullmatch(value):
            raise ValueError(f"not fit for a dialplan argument: {value!r}")
    return Row(
        context=CONTEXT,
        exten=number,
        priority=1,
        app="Gosub",
        appdata=f"{SUBROUTINE},s,1({','.join(arguments)})",
    )
