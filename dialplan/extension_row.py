"""One extension as one row of Asterisk's realtime dialplan (see extensions.conf)."""

import re
from dataclasses import dataclass

CONTEXT = "extensions"
SUBROUTINE = "sub-extension"
DO_NOT_DISTURB = "dnd"

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


@dataclass(frozen=True, slots=True)
class CallRules:
    """What becomes of a call for an extension: the subroutine's arguments, one to one.

    ``device`` is a dial string such as ``PJSIP/1002``, empty without a device; ``mailbox``
    (``1002@default``) and the forwards may be empty; ``ring_time`` is in seconds.
    """

    device: str
    mailbox: str
    ring_time: int
    class_of_service: str
    forward_all: str = ""
    forward_busy: str = ""
    forward_no_answer: str = ""
    forward_unregistered: str = ""
    do_not_disturb: bool = False


def extension_row(number: str, rules: CallRules) -> Row:
    """Return the row that makes ``number`` callable.

    Raises ValueError if an argument could mean anything to the dialplan's evaluation.
    """
    arguments = (
        rules.device,
        rules.mailbox,
        str(rules.ring_time),
        rules.forward_all,
        rules.class_of_service,
        rules.forward_busy,
        rules.forward_no_answer,
        rules.forward_unregistered,
        DO_NOT_DISTURB if rules.do_not_disturb else "",
    )
    if not _HARMLESS.fullmatch("".join((number, *arguments))):
        raise ValueError(f"not fit for dialplan arguments: {(number, *arguments)!r}")
    return Row(
        context=CONTEXT,
        exten=number,
        priority=1,
        app="Gosub",
        # What is empty at the end need not be said.
        appdata=f"{SUBROUTINE},s,1({','.join(arguments).rstrip(',')})",
    )
