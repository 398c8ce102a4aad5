"""The phone: registers, makes and takes calls, shows its message lamp."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from types import TracebackType

from .address import SipUri
from .agent import ALLOW, Agent
from .call import CallState
from .dialog import resolve
from .digest import Credentials
from .endpoint import SipEndpoint
from .incoming import IncomingCall
from .lamp import subscription
from .mwi import MessageSummary
from .notified import Notified
from .outgoing import OutgoingCall
from .policy import Answer, Policy
from .transaction import ServerTransaction, Timers
from .udp import Address
from .watch import PATIENCE, Tasks, Watch


class Phone:
    """A SIP user agent over UDP, for tests and the demo.

    bind_host: local IPv4 address for SIP and RTP; it is what Contact and SDP say, so it must be
        one that the registrar reaches, not a wildcard.
    auth_user: the digest user name when it is not the extension.
    timers: how patient transactions are; a small `limit` makes a dead server show sooner.

    on_incoming: what to do with calls from now on (default: answer at once).
    incoming: every call that came in; mwi: every message summary, the latest last.
    syncs: the Event header of every NOTIFY that told it to fetch its configuration.
    lamps: for each number that is watched, every state that its lamp had (see lamp.py).
    options_seen: how many OPTIONS were answered; malformed: datagrams that were no SIP.

    Use as an async context manager, or `start()` and `close()`.
    """

    def __init__(
        self,
        user: str,
        secret: str,
        registrar_host: str,
        registrar_port: int,
        *,
        bind_host: str = "127.0.0.1",
        auth_user: str | None = None,
        display_name: str | None = None,
        timers: Timers | None = None,
    ) -> None:
        self.user = user
        self.on_incoming: Policy = Answer()
        self.incoming: list[IncomingCall] = []
        self.outgoing: list[OutgoingCall] = []
        self.options_seen = 0
        self._tasks = Tasks()
        self._watch = Watch()
        self._notified = Notified(self._watch)
        self.mwi, self.syncs = self._notified.mwi, self._notified.syncs
        self.lamps = self._notified.lamps
        self._endpoint = SipEndpoint(bind_host, timers or Timers(), self._on_request)
        self._registrar = (registrar_host, registrar_port)
        self._agent = Agent(
            user=user,
            credentials=Credentials(auth_user or user, secret),
            display_name=display_name or "",
            domain=registrar_host,
            endpoint=self._endpoint,
            tasks=self._tasks,
            outbound=self._registrar,
        )
        self._register_call_id = secrets.token_hex(12)
        self._register_tag = secrets.token_hex(6)
        self._register_cseq = 0

    async def __aenter__(self) -> Phone:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Look up the registrar and bind a port that the kernel chooses; registers nothing."""
        host, port = self._registrar
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            found = await loop.getaddrinfo(
                host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM
            )
        self._agent.outbound = (str(found[0][4][0]), port)
        await self._endpoint.open()

    async def close(self) -> None:
        """Hang up, stop everything and close the sockets; the registration stays as it is.

        Raises ExceptionGroup when a background task of the phone had failed.
        """
        live = [call for call in self._calls() if call.state is not CallState.ENDED]
        if live and not self._endpoint.silent:
            goodbyes = [self._tasks.spawn(call.hangup(), f"hangup {call}") for call in live]
            await asyncio.wait(goodbyes, timeout=1)
        for call in live:
            call.finish("local")
        try:
            await self._tasks.close()
        finally:
            await self._endpoint.close()

    @property
    def address(self) -> Address:
        """Where the phone listens for SIP."""
        return self._endpoint.address

    @property
    def contact_uri(self) -> str:
        """The URI that the phone registers."""
        return self._agent.contact.uri

    @property
    def malformed(self) -> int:
        """How many datagrams were no SIP and were dropped."""
        return self._endpoint.malformed

    async def register(self, expires: int = 3600) -> int:
        """Register for that many seconds and return the final status code.

        A challenge is answered once: 401 then means refused. 408 means no answer at all.
        """
        registrar = SipUri(self._registrar[0], port=self._registrar[1])
        request = self._agent.request(
            "REGISTER",
            str(registrar),
            from_=self._agent.aor.with_tag(self._register_tag),
            to=self._agent.aor,
            call_id=self._register_call_id,
            cseq=self._next_register_cseq(),
        )
        request.headers.add("Expires", str(expires))
        request.headers.add("Allow", ALLOW)
        response = await self._agent.send(request, self._agent.outbound, self._next_register_cseq)
        return response.status

    async def unregister(self) -> int:
        """Remove this phone's contact and return the final status code."""
        return await self.register(expires=0)

    async def rebind(self, expires: int = 3600) -> int:
        """Move to a new local port, as a phone behind a router that was restarted, and register.

        The old contact is not removed. Calls do not survive it.
        """
        await self._endpoint.open()
        return await self.register(expires)

    async def watch_lamp(self, number: str) -> int:
        """Subscribe to the state of another extension and return the final status code."""
        uri = str(SipUri(self._registrar[0], number, self._registrar[1]))
        request = subscription(self._agent, uri)
        self._notified.expect(number, request.call_id)
        response = await self._agent.send(request, self._agent.outbound, lambda: 2)
        return response.status

    async def wait_lamp(self, number: str, state: str, seconds: float = PATIENCE) -> None:
        """Return once the lamp of a watched number is in this state."""
        await self._watch.until(
            lambda: self.lamps[number][-1:] == [state],
            seconds,
            waiting_for=f"lamp {number} {state} at {self.user}",
            seen=lambda: f"{self.lamps[number]}",
        )

    def go_silent(self) -> None:
        """Drop every SIP packet in both directions; the socket stays open, media go on."""
        self._endpoint.silent = True

    def speak_again(self) -> None:
        """End `go_silent()`."""
        self._endpoint.silent = False

    def claim(self, host: str, port: int) -> None:
        """Say this address in Contact, as a phone behind a router that translates addresses."""
        self._agent.claimed = host, port

    async def call(self, target: str) -> OutgoingCall:
        """Call a number through the registrar, or a `sip:user@ip:port` URI directly.

        Returns as soon as the INVITE is on its way.
        """
        if target.startswith("sip:"):
            uri, destination = target, resolve(target, self._agent.outbound)
        else:
            uri = str(SipUri(self._registrar[0], target, self._registrar[1]))
            destination = self._agent.outbound
        call = OutgoingCall(self._agent, uri, destination)
        self.outgoing.append(call)
        await call.start()
        return call

    async def wait_incoming(self, seconds: float = PATIENCE, *, count: int = 1) -> IncomingCall:
        """The call number `count` (1 = the first) that this phone ever got, once it is there."""
        await self._watch.until(
            lambda: len(self.incoming) >= count,
            seconds,
            waiting_for=f"incoming call {count} at {self.user}",
            seen=lambda: f"{len(self.incoming)} calls: {[str(call) for call in self.incoming]}",
        )
        return self.incoming[count - 1]

    async def wait_mwi(
        self, predicate: Callable[[MessageSummary], bool], seconds: float = PATIENCE
    ) -> MessageSummary:
        """The latest message summary, once it fulfils the predicate."""
        await self._watch.until(
            lambda: bool(self.mwi) and predicate(self.mwi[-1]),
            seconds,
            waiting_for=f"matching message summary at {self.user}",
            seen=lambda: f"{len(self.mwi)} summaries, the last {self.mwi[-1:]}",
        )
        return next(summary for summary in reversed(self.mwi) if predicate(summary))

    async def wait_sync(self, seconds: float = PATIENCE) -> str:
        """Return the Event header of the NOTIFY that told this phone to fetch, once it came."""
        await self._watch.until(
            lambda: bool(self.syncs),
            seconds,
            waiting_for=f"check-sync at {self.user}",
            seen=lambda: f"{self.syncs}",
        )
        return self.syncs[-1]

    async def wait_options(self, count: int = 1, seconds: float = PATIENCE) -> None:
        """Return once this many OPTIONS were answered since the phone was started."""
        await self._watch.until(
            lambda: self.options_seen >= count,
            seconds,
            waiting_for=f"OPTIONS {count} at {self.user}",
            seen=lambda: f"{self.options_seen} OPTIONS",
        )

    def forget_ended_calls(self) -> None:
        """Drop calls that are over, for a phone that runs for long."""
        self.incoming = [call for call in self.incoming if call.state is not CallState.ENDED]
        self.outgoing = [call for call in self.outgoing if call.state is not CallState.ENDED]

    def _calls(self) -> list[IncomingCall | OutgoingCall]:
        return [*self.incoming, *self.outgoing]

    def _next_register_cseq(self) -> int:
        self._register_cseq += 1
        return self._register_cseq

    def _on_request(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        tag = request.to.tag
        if request.method == "CANCEL":
            self._on_cancel(transaction)
        elif request.method == "NOTIFY":
            self._notified.take(transaction)
        elif tag is not None:
            for call in self._calls():
                if (call.call_id, call.tag) == (request.call_id, tag):
                    call.on_request(transaction)
                    return
            transaction.respond(request.response(481))
        elif request.method == "INVITE":
            self._on_invite(transaction)
        elif request.method == "OPTIONS":
            self.options_seen += 1
            response = request.response(200, to_tag=secrets.token_hex(6))
            response.headers.add("Allow", ALLOW)
            transaction.respond(response)
            self._watch.changed()
        else:
            transaction.respond(request.response(405, to_tag=secrets.token_hex(6)))

    def _on_invite(self, transaction: ServerTransaction) -> None:
        call = IncomingCall(self._agent, transaction)
        self.incoming.append(call)
        self._tasks.spawn(call.follow(self.on_incoming), f"incoming {call.call_id}")
        self._watch.changed()

    def _on_cancel(self, transaction: ServerTransaction) -> None:
        for call in self.incoming:
            if call.is_of(transaction):
                call.on_cancel(transaction)
                return
        transaction.respond(transaction.request.response(481))
