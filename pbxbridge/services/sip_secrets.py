"""How SIP secrets lie in the database: in clear, or as digests for Asterisk and sealed for us.

A digest is all that Asterisk needs to check who registers. What a phone is told is the secret
itself, so the bridge keeps that too, sealed. See docs/sip-secrets.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pbxbridge.errors import Conflict
from pbxbridge.sealing import Seal

# Stands for a secret that no key opens; no secret can be this.
UNREADABLE: Final = "\0"
UNREADABLE_WHY = (
    "The present secret cannot be read: it was sealed with a key that PBXBRIDGE_SECRETS__KEYS no "
    "longer has. Put that key back, or set a new secret."
)


def readable(secret: str) -> str:
    """Return the secret. Raises Conflict if no key opens it."""
    if secret == UNREADABLE:
        raise Conflict(UNREADABLE_WHY)
    return secret


def _md5(_: str) -> Sequence[str]:
    return ("MD5",)


@dataclass(frozen=True, slots=True)
class SipSecrets:
    """What becomes of a secret when it is stored.

    Without a ``seal`` it lies in Asterisk's table in clear, and with one if that is wanted.
    ``algorithms_of`` returns which digests (RFC 7616) a make of phones can do, the best first.
    """

    seal: Seal | None = None
    wanted_in_clear: bool = False
    algorithms_of: Callable[[str], Sequence[str]] = _md5

    @property
    def sealing(self) -> Seal | None:
        """What seals new secrets; None where they stay in clear."""
        return None if self.wanted_in_clear else self.seal

    def algorithms(self, make: str) -> tuple[str, ...]:
        """Return the digests to store for a phone of this make; none for the secret in clear."""
        return tuple(self.algorithms_of(make)) if self.sealing else ()

    def sealed(self, secret: str, auth: str, present: str = "") -> str:
        """Return what the portal stores of an auth's secret, which is ``present`` if that will do.

        ``auth`` is the id of the auth in Asterisk's table.
        """
        if secret == UNREADABLE:
            return present
        if self.sealing is None or not secret:
            return ""
        is_current = present.startswith(self.sealing.current)
        if is_current and self.sealing.opened(present, auth) == secret:
            return present
        return self.sealing.sealed(secret, auth)

    def opened(self, sealed: str, auth: str, in_clear: str) -> str:
        """Return an auth's secret from where it is; UNREADABLE if no key opens it."""
        if not sealed:
            return in_clear
        opened = self.seal.opened(sealed, auth) if self.seal else None
        return UNREADABLE if opened is None else opened


IN_CLEAR = SipSecrets()
