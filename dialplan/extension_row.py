"""One extension as one row of Asterisk's realtime dialplan (see extensions.conf)."""

from dataclasses import dataclass

from dialplan.config_line import call_of, harmless

CONTEXT = "extensions"
SUBROUTINE = "sub-extension"
DO_NOT_DISTURB = "dnd"

# What a forward may say instead of a number: the extension's own mailbox.
VOICEMAIL = "voicemail"
# The column `appdata` of Asterisk's own schema.
APPDATA_LENGTH = 256


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
    (``1002@default``) and the forwards may be empty; ``ring_time`` is in seconds. A forward is a
    number, or VOICEMAIL. ``twin`` rings together with the device. ``external_caller_id`` is what
    the outside is told of an extension that forwards a call there.
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
    twin: str = ""
    external_caller_id: str = ""


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
        rules.twin,
        rules.external_caller_id,
    )
    if "&" in "".join(harmless(number, *arguments)):
        # In a dial string that is one more device; only a phone group's has several.
        raise ValueError(f"not fit for one extension's arguments: {arguments!r}")
    return Row(
        context=CONTEXT,
        exten=number,
        priority=1,
        app="Gosub",
        appdata=call_of(SUBROUTINE, *arguments),
    )
