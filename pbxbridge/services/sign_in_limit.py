"""How often one may guess at somebody's password; pure but for the clock."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from pbxbridge.errors import TooManyAttempts
from pbxbridge.services.sliding_window import SlidingWindow

WINDOW_SECONDS = 15 * 60.0
WRONG_PER_ACCOUNT_AND_NETWORK = 5
WRONG_PER_NETWORK = 20
WRONG_PER_ACCOUNT = 50
USUAL_NETWORKS = 10_000


def network_of(address: str) -> str:
    """Return what is counted as one place: an IPv4 address, or the /64 of an IPv6 address.

    A /64 is what one subscriber gets at least (RFC 6177), with 2^64 addresses to change between.
    """
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))


class SignInLimit:
    """Counts wrong tries within a quarter of an hour, in three ways.

    * 5 at one account from one network. Somebody elsewhere cannot use these up, so nobody is
      locked out by strangers who know the login name.
    * 20 from one network, whatever the login names are.
    * 50 at one account from everywhere, against guessing from many networks. Networks from which
      that person signed in before are left out of this count and are not refused by it: to lock
      somebody out one would have to sit in their own network. From a new network they can sign in
      again a quarter of an hour after the guessing stopped.

    A try counts as wrong from its start until the contrary is known, so that tries at the same
    moment cannot pass together. A right password clears the account's counts; from its network's it
    takes itself only, else an account of one's own would pay for guessing at others.

    In memory: a restart forgives, which an attacker cannot bring about.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Tell the time by ``clock``, in seconds; it must not go back."""
        self._pairs = SlidingWindow(WRONG_PER_ACCOUNT_AND_NETWORK, WINDOW_SECONDS, clock=clock)
        self._networks = SlidingWindow(WRONG_PER_NETWORK, WINDOW_SECONDS, clock=clock)
        self._accounts = SlidingWindow(WRONG_PER_ACCOUNT, WINDOW_SECONDS, clock=clock)
        self._usual: OrderedDict[tuple[str, str], None] = OrderedDict()

    def begin(self, login: str, address: str) -> None:
        """Count a try. Raises TooManyAttempts, and counts nothing, where there is no room."""
        counts = self._counts(login, network_of(address))
        if wait := max(window.wait(key) for window, key in counts):
            raise TooManyAttempts(wait)
        for window, key in counts:
            window.add(key)

    def take_back(self, login: str, address: str) -> None:
        """Uncount a try that guessed at nothing."""
        for window, key in self._counts(login, network_of(address)):
            window.take_back(key)

    def succeeded(self, login: str, address: str) -> None:
        """Uncount a try that was right, and forget the wrong ones before it."""
        network = network_of(address)
        self._pairs.forget((login, network))
        self._accounts.forget(login)
        self._networks.take_back(network)
        self._usual[login, network] = None
        self._usual.move_to_end((login, network))
        while len(self._usual) > USUAL_NETWORKS:
            self._usual.popitem(last=False)

    def _counts(self, login: str, network: str) -> list[tuple[SlidingWindow, object]]:
        counts: list[tuple[SlidingWindow, object]] = [
            (self._pairs, (login, network)),
            (self._networks, network),
        ]
        if (login, network) not in self._usual:
            counts.append((self._accounts, login))
        return counts
