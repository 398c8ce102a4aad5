"""A SIP peer that says what a test scripts."""

from __future__ import annotations

from collections.abc import Callable

from tests.sip.message import Request, parse_message
from tests.sip.udp import Address, UdpSocket


class ScriptedPeer:
    """A raw socket that answers each request by a function, and keeps what came."""

    def __init__(self, answer: Callable[[Request, int], bytes | None]) -> None:
        self.requests: list[Request] = []
        self._answer = answer
        self._socket: UdpSocket | None = None

    async def __aenter__(self) -> Address:
        self._socket = await UdpSocket.open("127.0.0.1", self._on_datagram)
        return self._socket.address

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None
        self._socket.close()
        await self._socket.wait_closed()

    def _on_datagram(self, data: bytes, source: Address) -> None:
        request = parse_message(data)
        assert isinstance(request, Request)
        self.requests.append(request)
        response = self._answer(request, len(self.requests))
        if response is not None:
            assert self._socket is not None
            self._socket.send(response, source)
