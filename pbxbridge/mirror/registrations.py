"""Who is registered where, and the view that a snapshot collects beside the present one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from pbxbridge.mirror.contact_state import NO_CONTACTS, Contacts, contacts_unlisted, is_all_told

_Said = TypeVar("_Said")


class Registrations:
    """The contacts of every AOR, or of every IAX2 peer, by name; those without any are not kept.

    ``touched`` are the names whose contacts may be other than before, in that order: whoever shows
    them takes them out. ``collecting`` says whether a snapshot is under way.
    """

    def __init__(self) -> None:
        self.collecting = False
        self.touched: dict[str, None] = {}
        self._present: dict[str, Contacts] = {}
        # Here one without contacts is kept, if there was word of some: it was listed, and left.
        self._collected: dict[str, Contacts] | None = None
        self._gone: set[tuple[str, str]] = set()

    def of(self, name: str) -> Contacts:
        """Return the contacts of an AOR or peer, by URI."""
        return self._present.get(name, NO_CONTACTS)

    def uris(self, name: str) -> set[str]:
        """Return where an AOR or peer is registered, or listed as such."""
        return {*self.of(name), *(self._collected or {}).get(name, NO_CONTACTS)}

    def put(self, name: str, contacts: Contacts) -> None:
        """Say what is registered."""
        if contacts:
            self._present[name] = contacts
        else:
            self._present.pop(name, None)
        self.touched[name] = None

    def forget(self, name: str) -> None:
        """Drop what is registered, and what was listed of it."""
        self._present.pop(name, None)
        if self._collected:
            self._collected.pop(name, None)

    def change(
        self, name: str, rule: Callable[[Contacts, _Said], Contacts], said: _Said, *, fresh: bool
    ) -> None:
        """Change what is registered by a rule, given what Asterisk said.

        Amid a snapshot that changes the collected view, and the present one only if that is
        ``fresh``.
        """
        if self._collected is not None:
            self.collect(name, rule, said)
            if not fresh:
                return
        present = self._present
        if contacts := rule(present.get(name, NO_CONTACTS), said):
            present[name] = contacts
        else:
            present.pop(name, None)
        self.touched[name] = None

    def begin(self) -> None:
        """Start to collect a new view."""
        self._collected, self.collecting = {}, True
        self._gone.clear()

    def collect(self, name: str, rule: Callable[[Contacts, _Said], Contacts], said: _Said) -> None:
        """Change the view being collected, if there is one."""
        collected = self._collected
        if collected is not None:
            contacts = rule(collected.get(name, NO_CONTACTS), said)
            if contacts or name in collected:
                collected[name] = contacts

    def note_amid_list(self, name: str, uri: str, *, gone: bool) -> None:
        """Take note that an event told of a contact while the list is read."""
        (self._gone.add if gone else self._gone.discard)((name, uri))

    def is_gone(self, name: str, uri: str) -> bool:
        """Whether a contact was removed amid the list, which may have it nevertheless."""
        return (name, uri) in self._gone

    def abandon(self) -> None:
        """Throw away what was collected."""
        self._collected, self.collecting = None, False

    def names(self) -> Iterator[str]:
        """Give each name that is registered now or in the collected view, once."""
        collected = self._collected or {}
        yield from list(collected)
        for name in list(self._present):
            if name not in collected:
                yield name

    def adopt(self, name: str) -> None:
        """Put what was collected of one name in the place of what was there."""
        present = self.of(name)
        listed = None if self._collected is None else self._collected.get(name)
        new = contacts_unlisted(present) if listed is None else listed
        if new != present or not is_all_told(new):
            self.put(name, new)
