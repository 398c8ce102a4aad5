"""Checks passwords, for as often as one may guess."""

from __future__ import annotations

from pbxbridge.services.passwords import Overloaded, Passwords
from pbxbridge.services.refusals import Refusals
from pbxbridge.services.sign_in_limit import SignInLimit, network_of


class PasswordCheck:
    """The passwords, behind the limit on guessing at them."""

    def __init__(
        self,
        passwords: Passwords | None = None,
        limit: SignInLimit | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """Make the parts that are not given; services share them through this object."""
        self.passwords = passwords or Passwords()
        self.limit = limit or SignInLimit()
        self.refusals = refusals or Refusals()

    def begin(self, login: str, address: str) -> None:
        """Count a try, as a wrong one until the contrary is known.

        Raises TooManyAttempts after too many wrong ones: then nothing is to be looked up or hashed.
        """
        self.limit.begin(login, address)

    async def is_right(self, login: str, stored: str | None, password: str, address: str) -> bool:
        """Return, after ``begin``, whether this is the password of the hash ``stored``.

        ``stored`` is None for a user that does not exist. A right password still counts as a wrong
        try: the caller says if there is a second factor to come, by ``limit.succeeded`` or
        ``limit.take_back``. Raises Overloaded; that was no try.
        """
        try:
            return await self.passwords.matches(stored, password, network_of(address))
        except Overloaded:
            self.limit.take_back(login, address)
            raise

    async def is_own(self, login: str, stored: str, password: str, address: str) -> bool:
        """Return whether this is the password of a person who is signed in.

        Raises TooManyAttempts: a session that was left open is no way to guess without a limit.
        """
        self.begin(login, address)
        right = await self.is_right(login, stored, password, address)
        if right:
            self.limit.succeeded(login, address)
        return right
