"""Queues and agents as rows of Asterisk's realtime dialplan (see extensions.conf, sub-queue)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dialplan.config_line import call_of, harmless
from dialplan.extension_row import APPDATA_LENGTH, CONTEXT, Row
from dialplan.pin import is_pin_hash

SUBROUTINE = "sub-queue"
# The contexts of agents, of phones where they may log in, and of why they pause.
AGENTS, DEVICES, REASONS = "agents", "agent-devices", "pause-reasons"
_QUEUES = "sub-agent-queues"
_RINGING_TONE = "r"


def queue_row(number: str, name: str, max_wait: int, fallback: str, *, has_music: bool) -> Row:
    """Return the row by which ``number`` leads into a queue.

    ``max_wait`` is in seconds, 0 for as long as it takes; ``fallback`` is the extension that gets
    who waited so long, or empty. Raises ValueError for what could mean something to the dialplan.
    """
    harmless(number)
    tone = "" if has_music else _RINGING_TONE
    said = name, str(max_wait or ""), fallback, tone
    return Row(CONTEXT, number, 1, "Gosub", call_of(SUBROUTINE, *said))


def agent_rows(number: str, pin_hash: str, queues: Mapping[str, int]) -> tuple[Row, ...]:
    """Return the rows by which an agent logs in; ``queues`` have the agent's penalty in each.

    One row for as many queues as fit into it. Raises ValueError as ``queue_row``.
    """
    if not is_pin_hash(pin_hash):
        raise ValueError("not the hash of a PIN")
    harmless(number, *queues)
    room = APPDATA_LENGTH - len(f"{_QUEUES},s,1()")
    told = [f"{name}:{penalty}" for name, penalty in queues.items()]
    steps = [("Gosub", f"{_QUEUES},s,1({'&'.join(portion)})") for portion in _portions(told, room)]
    steps.append(("Return", pin_hash))
    return tuple(
        Row(AGENTS, number, priority, app, data)
        for priority, (app, data) in enumerate(steps, start=1)
    )


def device_row(number: str) -> Row:
    """Return the row that lets agents log in at the phone of an extension."""
    harmless(number)
    return Row(DEVICES, number, 1, "NoOp", "")


def reason_rows(reasons: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of why agents pause, which are dialled from 1 on.

    Raises ValueError for words that could mean something to the dialplan.
    """
    for reason in reasons:
        if not all(sign.isalnum() or sign in " -_" for sign in reason):
            raise ValueError(f"not fit for a reason: {reason!r}")
    return tuple(
        Row(REASONS, str(place), 1, "Return", reason)
        for place, reason in enumerate(reasons, start=1)
    )


def _portions(words: Sequence[str], room: int) -> Iterator[list[str]]:
    portion: list[str] = []
    for word in words:
        if portion and len("&".join([*portion, word])) > room:
            yield portion
            portion = []
        portion.append(word)
    if portion:
        yield portion
