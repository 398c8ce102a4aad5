"""A phone group as rows of Asterisk's realtime dialplan (see extensions.conf, sub-group)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialplan.config_line import call_of, harmless
from dialplan.extension_row import APPDATA_LENGTH, CONTEXT, Row

SUBROUTINES = _MEMBERS, _GROUP = ("sub-group-members", "sub-group")


def group_rows(
    number: str, devices: Sequence[str], ring_time: int, fallback: str
) -> tuple[Row, ...]:
    """Return the rows that make all ``devices`` (``PJSIP/1001``) ring for ``number``.

    One row for as many devices as fit into it, more for more. ``ring_time`` is in seconds;
    ``fallback`` is the extension that gets what nobody answers, or empty. Raises ValueError if an
    argument could mean anything to the dialplan's evaluation.
    """
    harmless(number)
    room = APPDATA_LENGTH - len(f"{_MEMBERS},s,1({ring_time},{fallback},)")
    *before, last = list(_portions(devices, room)) or [""]
    data = [call_of(_MEMBERS, portion) for portion in before]
    data.append(call_of(_GROUP, str(ring_time), fallback, last))
    return tuple(
        Row(CONTEXT, number, priority, "Gosub", appdata)
        for priority, appdata in enumerate(data, start=1)
    )


def _portions(devices: Sequence[str], room: int) -> Iterator[str]:
    portion = ""
    for device in devices:
        longer = f"{portion}&{device}" if portion else device
        if len(longer) > room:
            yield portion
            longer = device
        portion = longer
    if portion:
        yield portion
