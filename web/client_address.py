"""Where a request comes from, also behind proxies: see client_address() in portal.py."""

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
        if not _is_in(address, trusted) or not _is_address(written):
            break
        address = written
    return address


def _is_in(address: str, networks: Networks) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
