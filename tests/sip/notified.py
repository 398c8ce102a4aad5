"""What a phone was told by NOTIFY: message summaries, states of lamps, to fetch its files."""

from __future__ import annotations

import contextlib
import secrets

from .address import SipParseError
from .lamp import EVENT, lamp_of
from .mwi import MessageSummary
from .transaction import ServerTransaction
from .watch import Watch

_FETCH = ("check-sync", "resync")
_SUMMARY = "message-summary"


class Notified:
    """Answers each NOTIFY, and keeps what it said.

    mwi: every message summary; syncs: the Event header of every NOTIFY to fetch the configuration;
    lamps: for each number that is watched, every state that its lamp had (lamp.py).
    """

    def __init__(self, watch: Watch) -> None:
        self.mwi: list[MessageSummary] = []
        self.syncs: list[str] = []
        self.lamps: dict[str, list[str]] = {}
        self._watched: dict[str, str] = {}
        self._watch = watch

    def expect(self, number: str, call_id: str) -> None:
        """Take what comes with this Call-ID for the lamp of a number, from now on."""
        self.lamps[number], self._watched[call_id] = [], number

    def take(self, transaction: ServerTransaction) -> None:
        """Keep what a NOTIFY says, and answer it; 489 for an event of which nothing is known."""
        request = transaction.request
        said = request.headers.get("Event") or ""
        event, number = said.partition(";")[0].strip(), self._watched.get(request.call_id)
        if event == EVENT and number is not None:
            self.lamps[number].append(lamp_of(request.body))
            response = request.response(200)
        elif event in _FETCH:
            self.syncs.append(said)
            response = request.response(200, to_tag=secrets.token_hex(6))
        elif event == _SUMMARY:
            with contextlib.suppress(SipParseError):
                self.mwi.append(MessageSummary.parse(request.body))
            response = request.response(200)
        else:
            transaction.respond(request.response(489, to_tag=secrets.token_hex(6)))
            return
        transaction.respond(response)
        self._watch.changed()
