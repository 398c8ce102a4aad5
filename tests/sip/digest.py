"""Digest authentication as a client (RFC 2617, RFC 7616, RFC 8760)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from .address import split_outside
from .message import Request, Response

_HASHES = {"MD5": "md5", "SHA-256": "sha256"}
_ANSWERS = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


@dataclass(frozen=True)
class Credentials:
    """Whose digest: the auth user name and the secret, which repr() leaves out."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Challenge:
    """What a server asks for in a WWW-Authenticate or Proxy-Authenticate header."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    opaque: str | None = None
    qop: str | None = None

    @classmethod
    def parse(cls, value: str) -> Challenge | None:
        """The challenge, or None for a scheme, algorithm or qop that is not spoken here."""
        scheme, _, rest = value.strip().partition(" ")
        params: dict[str, str] = {}
        for part in split_outside(rest, ","):
            name, _, written = part.partition("=")
            params[name.strip().lower()] = written.strip().strip('"')
        algorithm = params.get("algorithm", "MD5").upper()
        offered = [qop.strip() for qop in params.get("qop", "").split(",") if qop.strip()]
        if scheme.lower() != "digest" or algorithm not in _HASHES or "nonce" not in params:
            return None
        if offered and "auth" not in offered:
            return None
        return cls(
            realm=params.get("realm", ""),
            nonce=params["nonce"],
            algorithm=algorithm,
            opaque=params.get("opaque"),
            qop="auth" if offered else None,
        )

    def response(self, credentials: Credentials, method: str, uri: str, cnonce: str) -> str:
        """The `response` value in hex for the nonce's first use (RFC 7616, 3.4.1)."""
        ha1 = self._hash(f"{credentials.user}:{self.realm}:{credentials.secret}")
        ha2 = self._hash(f"{method}:{uri}")
        if self.qop is None:  # RFC 2069 compatibility, still sent by some servers
            return self._hash(f"{ha1}:{self.nonce}:{ha2}")
        return self._hash(f"{ha1}:{self.nonce}:00000001:{cnonce}:{self.qop}:{ha2}")

    def authorization(self, credentials: Credentials, method: str, uri: str) -> str:
        """The whole Authorization header value, with a fresh cnonce."""
        cnonce = secrets.token_hex(8)
        fields = [
            f'username="{credentials.user}"',
            f'realm="{self.realm}"',
            f'nonce="{self.nonce}"',
            f'uri="{uri}"',
            f'response="{self.response(credentials, method, uri, cnonce)}"',
            f"algorithm={self.algorithm}",
        ]
        if self.qop is not None:
            fields += [f"qop={self.qop}", "nc=00000001", f'cnonce="{cnonce}"']
        if self.opaque is not None:
            fields.append(f'opaque="{self.opaque}"')
        return "Digest " + ", ".join(fields)

    def _hash(self, text: str) -> str:
        name = _HASHES[self.algorithm]
        return hashlib.new(
            name, text.encode("utf-8", "surrogateescape"), usedforsecurity=False
        ).hexdigest()


def answer_challenge(
    request: Request, response: Response, credentials: Credentials, cseq: int
) -> Request | None:
    """The request once more, with credentials and a new CSeq (RFC 3261, 22.2).

    None when the response is no challenge, or none of its challenges is spoken here.
    """
    if response.status not in _ANSWERS:
        return None
    asked, answered = _ANSWERS[response.status]
    # One header is one challenge: commas inside it separate its parameters, so no get_list.
    written = (value for name, value in response.headers if name.lower() == asked.lower())
    challenge = next(filter(None, map(Challenge.parse, written)), None)
    if challenge is None:
        return None
    retry = request.copy()
    retry.headers.set("CSeq", f"{cseq} {request.method}")
    retry.headers.set(answered, challenge.authorization(credentials, request.method, request.uri))
    return retry
