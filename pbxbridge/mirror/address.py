"""Where a URI points."""

import re
from functools import lru_cache

# RFC 3261 section 19.1.1: the host ends where ports, parameters or headers begin.
_HOST_AND_PORT = re.compile(
    r"\[(?P<ipv6>[^\]]*)\](?::(?P<port6>\d{1,5}))?|(?P<host>[^:;?>]*)(?::(?P<port>\d{1,5}))?"
)
_TLS = re.compile(r";transport=tls\b", re.IGNORECASE)


@lru_cache(maxsize=1 << 14)  # a list that is read again has mostly the same
def host_and_port(uri: str) -> tuple[str, int]:
    """Return the host (an IPv6 address without brackets) and port of a SIP URI.

    A URI without a port means 5060, or 5061 where TLS is asked for (RFC 3261 section 19.1.2).
    """
    scheme, _, rest = uri.strip().lstrip("<").partition(":")
    match = _HOST_AND_PORT.match(rest.rpartition("@")[2])
    if match is None:
        return "", 0
    ipv6, port6, host, port = match.groups()
    if not (ipv6 or host):
        return "", 0
    if port6 or port:
        return ipv6 or host, int(port6 or port)
    tls = scheme.lower() == "sips" or _TLS.search(rest)
    return ipv6 or host, 5061 if tls else 5060


def uri_of(scheme: str, user: str, ip: str, port: int) -> str:
    """Return the URI that ``host_and_port`` reads so."""
    host = f"[{ip}]" if ":" in ip else ip
    return f"{scheme}:{user}@{host}:{port}"
