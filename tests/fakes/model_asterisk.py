"""A model of what Asterisk has registered, and of what a bridge that listens to it can know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

GONE = "Removed"


def uri_of(aor: str, port: int) -> str:
    """Return the URI of a phone at a port of loopback."""
    return f"sip:{aor}@127.0.0.1:{port}"


class Word(NamedTuple):
    """What Asterisk writes of a contact: an event, or a line of a list."""

    aor: str
    uri: str
    status: str
    listed: bool = False


@dataclass
class ModelAsterisk:
    """Contacts with their status, by AOR and URI. What it says of them waits in ``wire``.

    It tells nothing of AORs that are not qualified, as if all were made after it had started.
    """

    qualified: dict[str, bool]
    connected: bool = False
    contacts: dict[tuple[str, str], str] = field(default_factory=dict)
    wire: list[Word | None] = field(default_factory=list)

    def set(self, aor: str, uri: str, status: str) -> None:
        """Have a contact take on a status, or go."""
        if status == GONE:
            del self.contacts[aor, uri]
        else:
            self.contacts[aor, uri] = status
        if self.connected and self.qualified[aor]:
            self.wire.append(Word(aor, uri, status))

    def qualify(self, aor: str, on: bool) -> None:
        """Turn qualify on or off; one that is turned on is told of all that there is."""
        self.qualified[aor] = on

    def best(self, aor: str) -> list[str]:
        """Return where the AOR's best contacts are; one that was not asked comes before silent."""
        order = ("Reachable", "NonQualified", "Unreachable")
        statuses = [status for (name, _), status in self.contacts.items() if name == aor]
        best = min(statuses, key=order.index, default="")
        return [
            uri for (name, uri), status in self.contacts.items() if (name, status) == (aor, best)
        ]

    def listing(self) -> Iterator[Word]:
        """Return the lines of a list that is begun now.

        Each has the status that holds when it is written; one that goes meanwhile is on it yet.
        """
        return (
            Word(*key, self.contacts.get(key, status), listed=True)
            for key, status in list(self.contacts.items())
        )


@dataclass
class Heard:
    """What follows from the words about one AOR; ``given_up`` is where it was, or None."""

    contacts: dict[str, str] = field(default_factory=dict)
    given_up: str | None = None
    removed: set[str] = field(default_factory=set)
    any_word: bool = False

    def take(self, word: Word) -> None:
        """Take in a word."""
        if word.listed and word.uri in self.removed:
            return
        if word.status != GONE:
            self.contacts[word.uri], self.given_up, self.any_word = word.status, None, True
            self.removed.discard(word.uri)
            return
        self.removed.add(word.uri)
        status = self.contacts.pop(word.uri, None)
        if status == "Unreachable" and not self.contacts:
            self.given_up = word.uri

    @property
    def unreachable_at(self) -> str | None:
        """Where a device is that does not answer, or was when it was given up."""
        if set(self.contacts.values()) == {"Unreachable"}:
            return list(self.contacts)[-1]
        return self.given_up

    def replaced_by(self, listed: Heard) -> Heard:
        """Return what holds once a list has been read."""
        if listed.any_word:
            return Heard(listed.contacts, listed.given_up)
        return Heard(given_up=self.unreachable_at)
