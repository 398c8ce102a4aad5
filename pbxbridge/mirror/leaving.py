"""Contacts that Asterisk was told to forget, and lists until its registrar takes them away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from pbxbridge.mirror.contact_state import ContactReport

# The registrar looks for expired contacts every 30 s by default (pjsip.conf,
# contact_expiration_check_interval). What is listed for longer was registered anew.
LISTED_SECONDS = 90.0


class Leaving:
    """Hides what is still said of a contact after it was forgotten.

    ``contacts`` are those that are leaving, AOR and URI, with when they were forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Tell the time by ``clock``, in seconds; it must not go back."""
        self._clock = clock
        self.contacts: dict[tuple[str, str], float] = {}

    def add(self, aor: str, uris: Iterable[str]) -> None:
        """Hide these contacts from now on, until they are removed."""
        self.contacts |= {(aor, uri): self._clock() for uri in uris}

    def hides(self, report: ContactReport) -> bool:
        """Whether a report is of a contact that is leaving; Removed is the last such report."""
        key = (report.aor, report.uri)
        if key not in self.contacts:
            return False
        if report.is_removal:
            del self.contacts[key]
        return True

    def lapse(self) -> bool:
        """Hide no longer what should have been removed by now; return whether there was any."""
        oldest = self._clock() - LISTED_SECONDS
        lapsed = [key for key, since in self.contacts.items() if since <= oldest]
        for key in lapsed:
            del self.contacts[key]
        return bool(lapsed)
