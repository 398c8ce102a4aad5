"""What the mirror would like to have asked of Asterisk, because events do not tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet

from pbxbridge.events import Technology
from pbxbridge.mirror.contact_state import Contacts, Reach
from pbxbridge.mirror.peer_state import needs_a_look
from pbxbridge.mirror.tracked import Tracked


class Questions:
    """What is in question about the contacts of all tracked endpoints."""

    def __init__(self) -> None:
        self._unprobed = _OnceEach()
        self._unnamed = _OnceEach()
        self._doubtful_peers: set[str] = set()
        self._any_doubtful_peer = asyncio.Event()

    def review(self, number: str, contacts: Contacts, tracked: Tracked) -> None:
        """Think anew about an endpoint."""
        by_sip = contacts if tracked.technology is Technology.PJSIP else {}
        self._unprobed.are(number, unprobed(by_sip) if tracked.monitored else set())
        self._unnamed.are(number, {uri for uri, one in by_sip.items() if one.user_agent is None})
        self._doubt(
            number,
            tracked.technology is Technology.IAX2
            and needs_a_look(contacts, monitored=tracked.monitored),
        )

    def drop(self, number: str) -> None:
        """Ask nothing about an endpoint."""
        self._unprobed.are(number, set())
        self._unnamed.are(number, set())
        self._doubt(number, False)

    def forget(self) -> None:
        """Start anew: nothing was asked yet."""
        self._unprobed.forget()
        self._unnamed.forget()

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
        for uri in sorted(uris - self._open.pop(number, frozenset())):
            self._waiting.put_nowait((number, uri))
        if uris:
            self._open[number] = uris

    def forget(self) -> None:
        self._open.clear()
        while not self._waiting.empty():
            self._waiting.get_nowait()

    async def next(self) -> tuple[str, str]:
        while True:
            number, uri = await self._waiting.get()
            if uri in self._open.get(number, frozenset()):
                return number, uri


def unprobed(contacts: Contacts) -> set[str]:
    """Return the URIs of the contacts that Asterisk has not qualified yet."""
    return {uri for uri, one in contacts.items() if one.reach is Reach.UNPROBED}
