"""Client and server transactions over UDP (RFC 3261, section 17)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from .message import Headers, Request, Response, Via, reason_phrase
from .udp import Address

Send = Callable[[bytes, Address], None]


@dataclass(frozen=True)
class Timers:
    """Timer values in seconds, named as in RFC 3261, table 4."""

    t1: float = 0.5  # first retransmission
    t2: float = 4.0  # longest pause between retransmissions
    limit: float = 32.0  # timers B, F and H: 64 * T1, then the peer counts as gone
    ring_limit: float = 180.0  # timer C: an INVITE that only ever rings


class ClientTransaction:
    """A request of ours, repeated until its response comes."""

    def __init__(self, request: Request, destination: Address, send: Send, timers: Timers) -> None:
        self.request = request
        self.destination = destination
        self.finished_at: float | None = None
        self.provisional: asyncio.Event = asyncio.Event()
        self._ack: bytes | None = None
        self._ack_to = destination
        self._send = send
        self._timers = timers
        self._on_provisional: Callable[[Response], None] | None = None
        self._final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    async def run(self, on_provisional: Callable[[Response], None] | None = None) -> Response:
        """Send until a final response comes and return it.

        Silence counts as 408 (RFC 3261, 8.1.3.1). Retransmissions follow timers A and E, the end
        timers B and F; once an INVITE has a provisional response only the ring limit holds.
        """
        self._on_provisional = on_provisional
        try:
            if await self._repeat() and not self._final.done():
                await asyncio.wait({self._final}, timeout=self._timers.ring_limit)
            return self._final.result() if self._final.done() else self._timed_out()
        finally:
            self.finished_at = asyncio.get_running_loop().time()

    async def _repeat(self) -> bool:
        """Retransmit; True when an INVITE is now only waiting, False when the time is over."""
        loop = asyncio.get_running_loop()
        invite = self.request.method == "INVITE"
        interval, deadline = self._timers.t1, loop.time() + self._timers.limit
        while not self._final.done() and loop.time() < deadline:
            if invite and self.provisional.is_set():
                return True
            self._send(self.request.to_bytes(), self.destination)
            await asyncio.wait({self._final}, timeout=min(interval, deadline - loop.time()))
            interval = interval * 2 if invite else min(interval * 2, self._timers.t2)
        return invite and self.provisional.is_set()

    def receive(self, response: Response) -> None:
        """Take a response that matched this transaction."""
        if self._final.done():
            # The peer did not get our ACK (RFC 3261, 13.2.2.4 and 17.1.1.2).
            if self._ack is not None and response.status >= 200:
                self._send(self._ack, self._ack_to)
        elif response.status < 200:
            self.provisional.set()
            if self._on_provisional is not None:
                self._on_provisional(response)
        else:
            if self.request.method == "INVITE" and response.status >= 300:
                self.acknowledge(self._in_transaction("ACK", response), self.destination)
            self._final.set_result(response)

    def acknowledge(self, ack: Request, destination: Address) -> None:
        """Send the ACK now and again for every repetition of the final response."""
        self._ack, self._ack_to = ack.to_bytes(), destination
        self._send(self._ack, destination)

    def cancel_request(self) -> Request:
        """The CANCEL of this INVITE (RFC 3261, 9.1)."""
        return self._in_transaction("CANCEL", None)

    def _in_transaction(self, method: str, response: Response | None) -> Request:
        """An ACK or CANCEL: same branch, URI, From, Call-ID and CSeq number as the INVITE."""
        headers = Headers([("Via", self.request.headers.get_list("Via")[0])])
        for route in self.request.headers.get_list("Route"):
            headers.add("Route", route)
        headers.add("Max-Forwards", "70")
        headers.add("From", self.request.headers["From"])
        headers.add("To", (response or self.request).headers["To"])
        headers.add("Call-ID", self.request.call_id)
        headers.add("CSeq", f"{self.request.cseq} {method}")
        return Request(method, self.request.uri, headers=headers)

    def _timed_out(self) -> Response:
        return Response(408, reason_phrase(408), headers=self.request.response(408).headers)


class ServerTransaction:
    """A request of the peer, and our responses to it."""

    def __init__(self, request: Request, source: Address, send: Send, timers: Timers) -> None:
        self.request = request
        self.source = source
        self.started_at = asyncio.get_running_loop().time()
        self._send = send
        self._timers = timers
        self._last: bytes | None = None
        self.ack_body = b""
        self._settled = asyncio.Event()

    def respond(self, response: Response) -> None:
        """Send a response to where the request came from (RFC 3581) and keep it for repetitions."""
        vias = self.request.headers.get_list("Via")
        response.headers.set("Via", Via.parse(vias[0]).with_source(self.source))
        for via in vias[1:]:
            response.headers.add("Via", via)
        self._last = response.to_bytes()
        self._send(self._last, self.source)

    async def respond_until_acknowledged(self, response: Response) -> bool:
        """Send a final INVITE response until its ACK comes; False when it never does.

        The pauses are those of RFC 3261, 13.3.1.4 (2xx) and timer G (others), which are equal.
        """
        loop = asyncio.get_running_loop()
        interval, deadline = self._timers.t1, loop.time() + self._timers.limit
        self.respond(response)
        while (left := deadline - loop.time()) > 0:
            try:
                await asyncio.wait_for(self._settled.wait(), min(interval, left))
            except TimeoutError:
                self.repeat()
                interval = min(interval * 2, self._timers.t2)
            else:
                return True
        return False

    def repeat(self) -> None:
        """Send the last response once more."""
        if self._last is not None:
            self._send(self._last, self.source)

    def settle(self, ack: Request | None = None) -> None:
        """Stop repeating: the ACK came, or the dialog is over."""
        if ack is not None and not self._settled.is_set():
            self.ack_body = ack.body
        self._settled.set()
