"""HTTP digest access authentication (RFC 7616), for phones, which know one user and one password.

Pure but for the clock and the key. Nothing is kept between requests: a nonce tells by itself when
it was made, and that it was made here. That a response could be sent a second time within the
nonce's minutes is what that costs; it opens nothing but the same file.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

NONCE_SECONDS = 300.0
# What phones of all ages know first: some take a challenge of any algorithm for one of MD5.
ALGORITHMS: Mapping[str, str] = {"MD5": "md5", "SHA-256": "sha256"}

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)\s*')
_NEEDED = ("username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop")
_TIME_DIGITS = 16


class Verdict(Enum):
    """What an Authorization header is worth; STALE is right but for a nonce that is too old."""

    RIGHT = auto()
    STALE = auto()
    WRONG = auto()
    MISSING = auto()


@dataclass(frozen=True, slots=True)
class Account:
    """Who may come in."""

    user: str
    password: str = field(repr=False)


class DigestDoor:
    """Challenges, and judges what comes back."""

    def __init__(
        self, account: Account, realm: str, clock: Callable[[], float] = time.time
    ) -> None:
        """``realm`` is shown to who is asked; the key is of this process alone."""
        self._account = account
        self._realm = realm
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def challenges(self, *, stale: bool = False) -> list[str]:
        """Return the values of WWW-Authenticate, one for each algorithm."""
        nonce = self._nonce(int(self._clock()))
        more = ", stale=true" if stale else ""
        return [
            f'Digest realm="{self._realm}", qop="auth", algorithm={name}, nonce="{nonce}"{more}'
            for name in ALGORITHMS
        ]

    def verdict(self, method: str, target: str, header: str) -> Verdict:
        """Judge an Authorization header; ``target`` is what the request line asks for."""
        if not header:
            return Verdict.MISSING
        given = parameters_of(header)
        if given is None:
            return Verdict.WRONG
        algorithm = given.get("algorithm", "MD5").upper()
        fits = (
            algorithm in ALGORITHMS
            and given["qop"] == "auth"
            and given["uri"] == target
            and given["realm"] == self._realm
        )
        if not fits:
            return Verdict.WRONG
        right = response_for(self._account, algorithm, method, given)
        is_user = hmac.compare_digest(_bytes(given["username"]), _bytes(self._account.user))
        is_right = hmac.compare_digest(_bytes(given["response"].lower()), _bytes(right))
        if not (is_user and is_right):
            return Verdict.WRONG
        return Verdict.RIGHT if self._is_fresh(given["nonce"]) else Verdict.STALE

    def _nonce(self, at: int) -> str:
        moment = f"{at:0{_TIME_DIGITS}x}"
        seal = hmac.digest(self._key, moment.encode(), "sha256")
        return moment + urlsafe_b64encode(seal).decode().rstrip("=")

    def _is_fresh(self, nonce: str) -> bool:
        try:
            at = int(nonce[:_TIME_DIGITS], 16)
        except ValueError:
            return False
        is_ours = at >= 0 and hmac.compare_digest(_bytes(nonce), _bytes(self._nonce(at)))
        return is_ours and 0 <= self._clock() - at < NONCE_SECONDS


def parameters_of(header: str) -> Mapping[str, str] | None:
    """Return the parameters of an Authorization header; None if it is no complete digest."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    place, rest = 0, rest.strip()
    while place < len(rest):
        match = _PARAMETER.match(rest, place)
        if match is None or match[1].lower() in found:
            return None
        quoted = match[2]
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match[3]
        found[match[1].lower()] = value
        place = match.end()
    return found if all(name in found for name in _NEEDED) else None


def response_for(account: Account, algorithm: str, method: str, given: Mapping[str, str]) -> str:
    """Return the right response (RFC 7616, section 3.4.1)."""

    def hashed(text: str) -> str:
        return hashlib.new(ALGORITHMS[algorithm], _bytes(text), usedforsecurity=False).hexdigest()

    first = hashed(f"{account.user}:{given['realm']}:{account.password}")
    second = hashed(f"{method}:{given['uri']}")
    middle = f"{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}"
    return hashed(f"{first}:{middle}:{second}")


def _bytes(text: str) -> bytes:
    # A header may hold bytes that are no text.
    return text.encode(errors="surrogateescape")
