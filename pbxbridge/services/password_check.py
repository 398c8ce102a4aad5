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

    async def is_right(self, login: str, stored: str | None, password: str, address: str) -> bool:
        """Return whether this is the password of the hash ``stored``; None stands for no user.

        A right one still counts as a wrong try: the caller says if there is a second factor to
        come, by ``limit.succeeded`` or ``limit.take_back``. Raises TooManyAttempts, without looking
        at the password, after too many wrong ones; Overloaded, which is one too and counts as no
        try.
        """
        self.limit.begin(login, address)
        try:
            return await self.passwords.matches(stored, password, network_of(address))
        except Overloaded:
            self.limit.take_back(login, address)
            raise

    async def is_own(self, login: str, stored: str, password: str, address: str) -> bool:
        """Return whether this is the password of a person who is signed in.

        Raises TooManyAttempts: a session that was left open is no way to guess without a limit.
        """
        right = await self.is_right(login, stored, password, address)
        if right:
            self.limit.succeeded(login, address)
        return right
