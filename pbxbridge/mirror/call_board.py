"""Who is on the phone: what the channels of all Asterisk nodes say of each extension.

Pure: fed in order by whoever listens to a node, asked by whoever shows it. A node that is not heard
says nothing, so nothing old is ever shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pbxbridge.events import CallsChanged

# Asterisk names a channel by its technology, what it leads to, and a number of its own. Trunks have
# a hyphen in their name, extensions have none.
_OF_AN_EXTENSION: Final = re.compile(r"(?:PJSIP|IAX2)/([0-9a-z]+)-[^-]+")
# States of channels: https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/
# Asterisk_REST_Interface/Asterisk_REST_Data_Models/#channel
_RINGING: Final = frozenset({"Ringing", "Pre-ring"})
_NOTHING_YET: Final = frozenset({"Down", "Rsrvd"})


class CallState(Enum):
    """What a phone does; the greater beats the smaller.

    A phone that dials is in use, one that is called rings.
    """

    IDLE = 0
    RINGING = 1
    IN_USE = 2


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as Asterisk tells it: its id and name, and the word for its state."""

    id: str
    name: str
    state: str

    @property
    def number(self) -> str:
        """The extension whose phone it leads to, empty if to none."""
        found = _OF_AN_EXTENSION.fullmatch(self.name)
        return found[1] if found else ""

    @property
    def call_state(self) -> CallState:
        """What the phone at its end does."""
        if self.state in _NOTHING_YET:
            return CallState.IDLE
        return CallState.RINGING if self.state in _RINGING else CallState.IN_USE


@dataclass(slots=True)
class _Phone:
    """The channels that lead to one phone, each of them by its state.

    A phone that takes a hundred calls at once must not make each of their events slow.
    """

    channels: dict[CallState, set[str]] = field(
        default_factory=lambda: {state: set() for state in CallState}
    )

    @property
    def ids(self) -> set[str]:
        return set().union(*self.channels.values())

    @property
    def state(self) -> CallState:
        if self.channels[CallState.IN_USE]:
            return CallState.IN_USE
        return CallState.RINGING if self.channels[CallState.RINGING] else CallState.IDLE


@dataclass(slots=True)
class _Node:
    is_heard: bool = False
    channels: dict[str, tuple[str, CallState]] = field(default_factory=dict)
    phones: dict[str, _Phone] = field(default_factory=dict)

    def put(self, channel: Channel) -> None:
        self.drop(channel.id)
        if number := channel.number:
            state = channel.call_state
            self.channels[channel.id] = number, state
            self.phones.setdefault(number, _Phone()).channels[state].add(channel.id)

    def drop(self, channel: str) -> None:
        if channel in self.channels:
            number, state = self.channels.pop(channel)
            phone = self.phones[number]
            phone.channels[state].discard(channel)
            if not any(phone.channels.values()):
                del self.phones[number]

    def number_of(self, channel: str) -> str:
        """Return whose channel it is, empty if it is unknown."""
        return self.channels[channel][0] if channel in self.channels else ""

    def state_of(self, number: str) -> CallState:
        phone = self.phones.get(number)
        return phone.state if phone else CallState.IDLE


class CallBoard:
    """The calls of all extensions, over all nodes."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self._nodes = {node: _Node() for node in nodes}
        self._changed: set[str] = set()
        self._all_changed = False

    @property
    def is_complete(self) -> bool:
        """Whether every node is heard."""
        return all(node.is_heard for node in self._nodes.values())

    def state_of(self, number: str) -> CallState | None:
        """Return what the phone of an extension does, None if that is not known.

        It is idle if all nodes say so: while one is not heard, the phone may be in a call there.
        """
        states = (node.state_of(number) for node in self._nodes.values() if node.is_heard)
        best = max(states, key=lambda state: state.value, default=CallState.IDLE)
        return None if best is CallState.IDLE and not self.is_complete else best

    def channels_of(self, number: str) -> list[tuple[str, str]]:
        """Return the node and the id of every channel that leads to the phone of an extension."""
        return [
            (name, channel)
            for name, node in self._nodes.items()
            if (phone := node.phones.get(number))
            for channel in sorted(phone.ids)
        ]

    def heard(self, node: str, channels: Iterable[Channel]) -> None:
        """Begin with these channels of a node; from now on every change of one is told."""
        column = _Node(is_heard=True)
        for channel in channels:
            column.put(channel)
        self._nodes[node] = column
        self._all_changed = True

    def lost(self, node: str) -> None:
        """Know nothing of a node any more."""
        if self._nodes[node].is_heard:
            self._nodes[node] = _Node()
            self._all_changed = True

    def channel_is(self, node: str, channel: Channel) -> None:
        """Take what a node says of a channel, new or known."""
        column = self._nodes[node]
        numbers = {channel.number, column.number_of(channel.id)} - {""}
        before = {number: self.state_of(number) for number in numbers}
        column.put(channel)
        self._note(before)

    def channel_is_gone(self, node: str, channel: str) -> None:
        """Take it that a channel of a node is no more."""
        column = self._nodes[node]
        if number := column.number_of(channel):
            before = {number: self.state_of(number)}
            column.drop(channel)
            self._note(before)

    def take_changes(self) -> CallsChanged | None:
        """Return what changed since the last time, None if nothing did."""
        if not (self._all_changed or self._changed):
            return None
        event = CallsChanged(None if self._all_changed else frozenset(self._changed))
        self._changed.clear()
        self._all_changed = False
        return event

    def _note(self, before: dict[str, CallState | None]) -> None:
        self._changed |= {number for number, was in before.items() if self.state_of(number) != was}
