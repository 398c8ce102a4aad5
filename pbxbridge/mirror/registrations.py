"""Who is registered where, and the view that a snapshot collects beside the present one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pbxbridge.events import Technology
from pbxbridge.mirror.contact_state import Contacts

# An AOR of PJSIP, or a peer of IAX2: the same number may be both for a while.
Name: TypeAlias = tuple[Technology, str]
Change: TypeAlias = Callable[[Contacts], Contacts]
_NOTHING: Contacts = {}


class Registrations:
    """The contacts of every AOR and peer; those without any are not kept."""

    def __init__(self) -> None:
        self._present: dict[Name, Contacts] = {}
        self._collected: dict[Name, Contacts] | None = None

    @property
    def collecting(self) -> bool:
        """Whether a snapshot is under way."""
        return self._collected is not None

    def of(self, name: Name) -> Contacts:
        """Return the contacts of an AOR or peer, by URI."""
        return self._present.get(name, _NOTHING)

    def change(self, name: Name, change: Change) -> None:
        """Change what is registered."""
        _put(self._present, name, change)

    def forget(self, name: Name) -> None:
        """Drop what is registered."""
        self._present.pop(name, None)

    def begin(self) -> None:
        """Start to collect a new view."""
        self._collected = {}

    def collect(self, name: Name, change: Change) -> None:
        """Change the view being collected, if there is one."""
        if self._collected is not None:
            _put(self._collected, name, change)

    def abandon(self) -> None:
        """Throw away what was collected."""
        self._collected = None

    def end(self, keep: Callable[[Name, Contacts], bool]) -> set[Name]:
        """Put what was collected in the place of what was there, and return whom that concerns.

        ``keep`` is asked of each name, with what was collected of it: its present contacts stay.
        """
        collected, self._collected = self._collected or {}, None
        concerned = {
            name
            for name in {*self._present, *collected}
            if not keep(name, collected.get(name, _NOTHING))
        }
        for name in concerned:
            self._present.pop(name, None)
        self._present |= {name: collected[name] for name in concerned & collected.keys()}
        return concerned


def _put(view: dict[Name, Contacts], name: Name, change: Change) -> None:
    if contacts := change(view.get(name, _NOTHING)):
        view[name] = contacts
    else:
        view.pop(name, None)
