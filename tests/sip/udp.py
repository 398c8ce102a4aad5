"""One UDP socket under asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

Address = tuple[str, int]


class UdpSocket(asyncio.DatagramProtocol):
    """A bound socket that hands every datagram to one callback; make it with `open()`."""

    def __init__(self, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._on_datagram = on_datagram
        self._transport: asyncio.DatagramTransport | None = None
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.address: Address = ("", 0)

    @classmethod
    async def open(
        cls, host: str, on_datagram: Callable[[bytes, Address], None], port: int = 0
    ) -> UdpSocket:
        """Bind; port 0 lets the kernel choose. Raises OSError when the address is not free."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(
            lambda: cls(on_datagram), local_addr=(host, port)
        )
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio once the socket is bound."""
        # asyncio's own transport says that it is one only from Python 3.12 on.
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Called by asyncio for every datagram."""
        self._on_datagram(data, addr)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Called by asyncio once the socket is closed."""
        if not self._closed.done():
            self._closed.set_result(None)

    def send(self, data: bytes, destination: Address) -> None:
        """Send a datagram; after close() it is dropped, as on a cable that was pulled."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, destination)

    def close(self) -> None:
        """Close without waiting."""
        if self._transport is not None:
            self._transport.close()

    async def wait_closed(self) -> None:
        """Return when the socket is really closed."""
        await asyncio.wait_for(self._closed, timeout=5)
