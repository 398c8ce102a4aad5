"""What the mirror would like to have asked of Asterisk, because events do not tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet

from pbxbridge.events import Technology
from pbxbridge.mirror.contact_state import Contacts, Reach
from pbxbridge.mirror.peer_state import needs_a_look
from pbxbridge.mirror.tracked import Tracked

_NOBODY: AbstractSet[str] = frozenset()


class Questions:
    """What is in question about the contacts of all tracked endpoints."""

    def __init__(self) -> None:
        self._unprobed = _OnceEach()
        self._unnamed = _OnceEach()
        self._without_events: set[str] = set()
        self._just_watched: set[str] = set()
        self._to_be_listed: set[str] = set()
        self._waited_for_probe: AbstractSet[str] = _NOBODY
        self._doubtful_peers: set[str] = set()
        self._any_doubtful_peer = asyncio.Event()

    def review(self, number: str, contacts: Contacts, tracked: Tracked) -> None:
        """Think anew about an endpoint."""
        if tracked.technology is not Technology.PJSIP:
            self._review_other(number, contacts, tracked)
            return
        waiting = unnamed = _NOBODY
        for uri, one in contacts.items():
            if one.user_agent is None:
                unnamed = unnamed | {uri}
            if one.reach is Reach.UNPROBED:
                waiting = waiting | {uri}
        self._unprobed.are(number, waiting if tracked.monitored else _NOBODY)
        self._unnamed.are(number, unnamed)

    def track(self, number: str, tracked: Tracked) -> None:
        """Begin to think about an endpoint, or in another way."""
        if tracked.technology is Technology.PJSIP and not tracked.monitored:
            self._without_events.add(number)
        else:
            self._had_no_events(number)
        self._doubt(number, False)

    def drop(self, number: str) -> None:
        """Ask nothing about an endpoint."""
        self._unprobed.are(number, _NOBODY)
        self._unnamed.are(number, _NOBODY)
        # Its device may be there yet when it is followed again.
        self._had_no_events(number)
        self._doubt(number, False)

    def forget(self) -> None:
        """Start anew: nothing was asked yet."""
        self._unprobed.forget()
        self._unnamed.forget()

    def list_wanted(self) -> bool:
        """Whether the list of contacts may say more than events did.

        It does of endpoints that are not qualified, or were not until now. One that waits to be
        probed counts if it waited when this was last asked too: the probe is asked for at once, and
        a list costs Asterisk seconds where there are 10,000 AORs.
        """
        before, self._waited_for_probe = self._waited_for_probe, self._unprobed.numbers()
        if self._without_events or self._just_watched:
            return True
        return not before.isdisjoint(self._waited_for_probe)

    def list_begins(self) -> None:
        """Take note that a list is read."""
        self._to_be_listed = set(self._just_watched)

    def list_ended(self) -> None:
        """Take note that the list was taken over."""
        self._just_watched -= self._to_be_listed

    def may_lack_events(self, number: str) -> bool:
        """Whether Asterisk may not have told all of an endpoint."""
        return number in self._without_events or number in self._just_watched

    async def next_unprobed(self) -> str:
        """Wait for a monitored SIP endpoint with a contact that Asterisk has not qualified yet.

        Each such contact is named once, so that whoever asks Asterisk to qualify does not flood.
        """
        return (await self._unprobed.next())[0]

    async def next_unnamed(self) -> tuple[str, str]:
        """Wait for a SIP contact, AOR and URI, whose user agent no event told; each comes once."""
        return await self._unnamed.next()

    async def peer_in_doubt(self) -> None:
        """Wait until there is an IAX2 peer of which the list would say more than the events."""
        await self._any_doubtful_peer.wait()

    def _review_other(self, number: str, contacts: Contacts, tracked: Tracked) -> None:
        self._unprobed.are(number, _NOBODY)
        self._unnamed.are(number, _NOBODY)
        by_iax = tracked.technology is Technology.IAX2
        self._doubt(number, by_iax and needs_a_look(contacts, monitored=tracked.monitored))

    def _had_no_events(self, number: str) -> None:
        """Take note that an endpoint has events only from now on, if it had none."""
        if number in self._without_events:
            self._without_events.discard(number)
            self._just_watched.add(number)
            self._to_be_listed.discard(number)

    def _doubt(self, number: str, doubtful: bool) -> None:
        (self._doubtful_peers.add if doubtful else self._doubtful_peers.discard)(number)
        if self._doubtful_peers:
            self._any_doubtful_peer.set()
        else:
            self._any_doubtful_peer.clear()


class _OnceEach:
    """Contacts in question, each given out once as long as it stays in question."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._open: dict[str, AbstractSet[str]] = {}

    def are(self, number: str, uris: AbstractSet[str]) -> None:
        before = self._open.get(number, _NOBODY)
        if uris == before:
            return
        for uri in sorted(uris - before):
            self._waiting.put_nowait((number, uri))
        if uris:
            self._open[number] = uris
        else:
            del self._open[number]

    def numbers(self) -> AbstractSet[str]:
        return frozenset(self._open)

    def forget(self) -> None:
        self._open.clear()
        while not self._waiting.empty():
            self._waiting.get_nowait()

    async def next(self) -> tuple[str, str]:
        while True:
            number, uri = await self._waiting.get()
            if uri in self._open.get(number, _NOBODY):
                return number, uri
