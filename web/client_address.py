"""Where a request comes from and how, also behind proxies: see client_address() in portal.py."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]


def believed_address(remote: str, forwarded: str, trusted: Networks) -> str:
    """Return the last address of the chain that no trusted proxy vouches for.

    Each proxy appends whom it heard, so the list is believed from its end for as long as the one
    who wrote is trusted. Anything a stranger wrote in front of that counts for nothing.
    """
    address = remote
    for written in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not is_within(address, trusted) or not _is_address(written):
            break
        address = written
    return address


def is_encrypted(scheme: str, remote: str, forwarded: str, trusted: Networks) -> bool:
    """Whether a request came by HTTPS: to us, or as a trusted proxy says in X-Forwarded-Proto."""
    if scheme == "https":
        return True
    said = forwarded.rpartition(",")[2].strip().lower()
    return said == "https" and is_within(remote, trusted)


def is_within(address: str, networks: Networks) -> bool:
    """Whether an address is in one of the networks; what is no address is in none."""
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
