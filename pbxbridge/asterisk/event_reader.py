"""Takes out of the text of an event what its handler reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

from pbxbridge.asterisk.ami_message import headers_of
from pbxbridge.mirror.ami_event import AmiEvent, Handler

_ANY = r"[^\r\n]*"


class EventReader:
    """Calls a handler with the headers of an event.

    Asterisk writes an event's headers in the same order nearly always. One expression, made of the
    first event of its kind, reads the wanted ones in half the time that a dictionary of all takes.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._match: Callable[[str], re.Match[str] | None] | None = None
        self._in_order: Callable[[tuple[str, ...]], tuple[str, ...]] = tuple

    def handle(self, text: str, mirror: object) -> None:
        """Call the handler. Raises KeyError if the event lacks what it must have."""
        match = self._match(text) if self._match is not None else None
        values = self._in_order(match.groups()) if match is not None else self._looked_up(text)
        self._handler.call(mirror, *values)

    def _looked_up(self, text: str) -> Sequence[str]:
        headers = headers_of(text)
        _, required, optional = self._handler
        values = [headers[name] for name in required]
        values += [headers.get(name, "") for name in optional]
        if self._match is None and headers.keys() >= {*required, *optional}:
            self._learn(headers)
        return values

    def _learn(self, headers: AmiEvent) -> None:
        wanted = [*self._handler.reads, *self._handler.may_read]
        found = [name for name in headers if name in wanted]
        value = dict.fromkeys(wanted, f"({_ANY})")
        lines = (f"{re.escape(name)}: {value.get(name, _ANY)}" for name in headers)
        self._match = re.compile("\r\n".join(lines)).fullmatch
        if found != wanted:
            self._in_order = itemgetter(*map(found.index, wanted))
