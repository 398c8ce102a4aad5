"""Passwords: what a new one must be like, and their hashes.

Argon2id (RFC 9106) with the parameters of argon2-cffi: 64 MiB and some tenths of a second each.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pbxbridge.errors import Invalid, TooManyAttempts

PASSWORD_LENGTH = 10
AT_ONCE = 2
WAITING = 16
# Of those that are hashed or wait, one network's: nobody alone makes everybody else wait.
PER_NETWORK = 4

T = TypeVar("T")


def one_time_password() -> str:
    """Return a random password of 16 characters (96 bits)."""
    return secrets.token_urlsafe(12)


def check_new_password(new: str, repeat: str, *, login: str, current: str = "") -> None:
    """Raise Invalid, for the field ``new`` or ``repeat``, if this cannot be the new password.

    ``current`` is the present password, empty if the person does not know it.
    """
    if len(new) < PASSWORD_LENGTH:
        raise Invalid({"new": f"Use at least {PASSWORD_LENGTH} characters."})
    if new == current:
        raise Invalid({"new": "Choose a password other than the present one."})
    if new.lower() == login.lower():
        raise Invalid({"new": "The password must not be your login name."})
    if new != repeat:
        raise Invalid({"repeat": "The two passwords are not the same."})


class Overloaded(TooManyAttempts):
    """So many passwords wait to be looked at that this one was not."""

    def __init__(self) -> None:
        super().__init__(1)


class Passwords:
    """Makes and checks hashes in threads, two at a time.

    Only so many may wait, so that nobody waits for more than a few seconds; the others are refused
    at once. ``network`` says for whom: one network gets a part of the places only.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Use argon2-cffi's parameters (RFC 9106's second choice) unless told otherwise."""
        self._hasher = hasher or PasswordHasher()
        self._threads = asyncio.Semaphore(AT_ONCE)
        self._under_way: Counter[str] = Counter()
        # Checked where there is no such user, so that the answer takes as long either way.
        self._nobody = self._hasher.hash(secrets.token_hex())

    async def hashed(self, password: str, network: str = "") -> str:
        """Return the hash to store. Raises Overloaded."""
        return await self._run(network, lambda: self._hasher.hash(_octets(password)))

    async def matches(self, stored: str | None, password: str, network: str = "") -> bool:
        """Return whether the password is the one of this hash. Raises Overloaded.

        None stands for a user that does not exist: false, after the time that it takes else.
        """
        known = self._nobody if stored is None else stored
        right = await self._run(network, lambda: self._verify(known, password))
        return right and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _octets(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, network: str, work: Callable[[], T]) -> T:
        if self._under_way.total() >= AT_ONCE + WAITING or self._under_way[network] >= PER_NETWORK:
            raise Overloaded
        self._under_way[network] += 1
        try:
            async with self._threads:
                return await asyncio.to_thread(work)
        finally:
            self._under_way[network] -= 1
            if not self._under_way[network]:
                del self._under_way[network]


def _octets(password: str) -> bytes:
    # A lone surrogate, which JSON can spell, is a wrong password and not a fault of ours.
    return password.encode("utf-8", "surrogatepass")
