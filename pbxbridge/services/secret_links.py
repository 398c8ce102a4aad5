"""Links that open something by themselves: their tokens, and which addresses may hold them."""

from __future__ import annotations

import hashlib
import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

# Below these paths of the portal, what follows is a secret of who was told the address.
INVITATION_PATH = "/invitation/"
PROVISIONING_PATH = "/provision/"
SECRET_PATHS = (INVITATION_PATH, PROVISIONING_PATH)

BYTES = 32


def new_token() -> str:
    """Return 256 random bits as text for an address or a cookie."""
    return secrets.token_urlsafe(BYTES)


def hash_of(token: str) -> str:
    """Return what is stored of a token: SHA-256, in hex.

    Such a hash needs neither salt nor time: there is nothing to guess in 256 random bits. A row is
    looked up by it, so how long that takes tells no more than how alike two hashes are, and nobody
    can choose a token by its hash.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def may_hold_secrets(public_url: str) -> bool:
    """Whether what is asked for below this address stays between the two ends.

    That is so with HTTPS, and on one and the same machine.
    """
    address = urlsplit(public_url)
    return address.scheme == "https" or _is_loopback(address.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
