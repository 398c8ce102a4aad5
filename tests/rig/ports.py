"""Free ports on loopback."""

import secrets
import socket
from contextlib import ExitStack

# Ports of one Asterisk's media: 10 calls of two legs, RTP and RTCP. Two instances may get blocks
# that overlap: Asterisk binds each port before it offers it, and takes another if it is taken.
RTP_BLOCK = 40
_RTP_RANGE = range(20000, 32000, RTP_BLOCK)


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Return ports that nobody listens on now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, kind)) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def rtp_block() -> tuple[int, int]:
    """Return the first and last port of a block for media (UDP)."""
    first = _RTP_RANGE[secrets.randbelow(len(_RTP_RANGE))]
    return first, first + RTP_BLOCK - 1
