"""A proxy is believed, a stranger is not."""

from ipaddress import ip_network

import pytest

from web.client_address import believed_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "believed"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6,198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "198.51.100.7, <script>", "10.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_address_is_the_last_one_that_no_trusted_proxy_wrote(
    remote: str, forwarded: str, believed: str
) -> None:
    assert believed_address(remote, forwarded, PROXIES) == believed
