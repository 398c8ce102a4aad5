"""The transaction layer of a user agent: one UDP socket, matching of what arrives on it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from .address import SipParseError
from .message import Request, Response, parse_message
from .transaction import ClientTransaction, ServerTransaction, Timers
from .udp import Address, UdpSocket

MAGIC_COOKIE = "z9hG4bK"  # RFC 3261, 8.1.1.7


class SipEndpoint:
    """Sends requests, matches responses, and hands each new request to one callback."""

    def __init__(
        self, host: str, timers: Timers, on_request: Callable[[ServerTransaction], None]
    ) -> None:
        self.silent = False
        self.malformed = 0
        self._host = host
        self._timers = timers
        self._on_request = on_request
        self._socket: UdpSocket | None = None
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, str, str], ServerTransaction] = {}

    @property
    def address(self) -> Address:
        """Where this endpoint listens. Raises RuntimeError before `open()`."""
        if self._socket is None:
            raise RuntimeError("the phone is not started")
        return self._socket.address

    async def open(self, port: int = 0) -> None:
        """Bind; a socket that was open before is closed after the new one is bound."""
        old, self._socket = self._socket, await UdpSocket.open(self._host, self._on_datagram, port)
        if old is not None:
            old.close()
            await old.wait_closed()

    async def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            await self._socket.wait_closed()

    def send(self, data: bytes, destination: Address) -> None:
        """Send a datagram, unless silent."""
        if self._socket is not None and not self.silent:
            self._socket.send(data, destination)

    def transaction(self, request: Request, destination: Address) -> ClientTransaction:
        """A client transaction for a copy of the request with a Via of its own; not yet sent."""
        self._forget_finished()
        sent = self.with_via(request)
        transaction = ClientTransaction(sent, destination, self.send, self._timers)
        self._clients[sent.branch, sent.method] = transaction
        return transaction

    def cancellation(self, invite: ClientTransaction) -> ClientTransaction:
        """A client transaction that cancels the INVITE."""
        request = invite.cancel_request()
        transaction = ClientTransaction(request, invite.destination, self.send, self._timers)
        self._clients[request.branch, request.method] = transaction
        return transaction

    def with_via(self, request: Request) -> Request:
        """A copy with a Via of a new branch; for an ACK to a 2xx, which has no transaction."""
        sent = request.copy()
        host, port = self.address
        branch = f"{MAGIC_COOKIE}{secrets.token_hex(8)}"
        sent.headers.prepend("Via", f"SIP/2.0/UDP {host}:{port};rport;branch={branch}")
        return sent

    def _on_datagram(self, data: bytes, source: Address) -> None:
        if self.silent or not data.strip(b"\r\n\0"):  # bare line breaks keep NAT holes open
            return
        try:
            message = parse_message(data)
            if isinstance(message, Response):
                self._on_response(message)
            else:
                self._match_request(message, source)
        except SipParseError:
            self.malformed += 1

    def _on_response(self, response: Response) -> None:
        transaction = self._clients.get((response.branch, response.cseq_method))
        if transaction is not None:
            transaction.receive(response)

    def _match_request(self, request: Request, source: Address) -> None:
        if request.method == "ACK":
            # For a 2xx the ACK has a branch of its own, so match by dialog and number instead.
            for transaction in self._servers.values():
                invite = transaction.request
                same = (invite.call_id, invite.cseq) == (request.call_id, request.cseq)
                if same and invite.method == "INVITE" and invite.from_.tag == request.from_.tag:
                    transaction.settle(request)
            return
        key = (request.branch, request.headers.get_list("Via")[0].split(";")[0], request.method)
        known = self._servers.get(key)
        if known is not None:
            known.repeat()
            return
        self._forget_finished()
        transaction = ServerTransaction(request, source, self.send, self._timers)
        self._servers[key] = transaction
        self._on_request(transaction)

    def _forget_finished(self) -> None:
        """Drop transactions that are too old for a repetition (timers D, I, J and K)."""
        now = asyncio.get_running_loop().time()
        for client_key, client in list(self._clients.items()):
            if client.finished_at is not None and now - client.finished_at > self._timers.limit:
                del self._clients[client_key]
        for server_key, server in list(self._servers.items()):
            if now - server.started_at > self._timers.ring_limit + self._timers.limit:
                del self._servers[server_key]
