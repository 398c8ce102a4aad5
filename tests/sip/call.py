"""What outgoing and incoming calls have in common: media, waits, requests inside the dialog."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import Callable

from .address import SipParseError
from .agent import ALLOW, Agent, attach_sdp
from .dialog import Dialog
from .message import Response
from .rtp import Received, RtpStream
from .sdp import LocalMedia, MediaLine, SessionDescription
from .transaction import ServerTransaction
from .watch import PATIENCE, Watch


class CallState(enum.StrEnum):
    """Where a call is; it only ever moves downwards in this list."""

    CALLING = "calling"
    PROGRESS = "progress"  # 183: the far end plays something, it does not ring
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class Call:
    """A call of this phone, made by `Phone.call()` or found in `Phone.incoming`.

    status: the final SIP code of its INVITE, None while it has none (200 once answered).
    provisional: the codes above 100 that came before it (outgoing) or were sent (incoming).
    ended_by: "local" or "remote" once the state is ENDED.
    received: what RTP brought; see `Received`.
    reinvites: how many re-INVITEs of the peer were answered.
    """

    def __init__(self, agent: Agent, call_id: str, tag: str, state: CallState) -> None:
        self.call_id = call_id
        self.tag = tag
        self.state = state
        self.status: int | None = None
        self.provisional: list[int] = []
        self.ended_by: str | None = None
        self.reinvites = 0
        self._agent = agent
        self._dialog: Dialog | None = None
        self._watch = Watch()
        self._rtp = RtpStream(self._watch)
        self._local: LocalMedia | None = None
        self._sender: asyncio.Task[None] | None = None
        self._sdp_version = 1

    def __str__(self) -> str:
        ended = f" by {self.ended_by}" if self.ended_by else ""
        return f"{self.state}{ended}, status {self.status}, provisional {self.provisional}"

    @property
    def received(self) -> Received:
        """What RTP brought so far."""
        return self._rtp.received

    def play_tone(self, hz: int) -> None:
        """Send this tone instead of what was sent before."""
        self._rtp.play_tone(hz)

    def silence(self) -> None:
        """Send silence."""
        self._rtp.silence()

    async def send_dtmf(self, digits: str) -> None:
        """Press keys (0-9 * # A-D), about 0.22 s each, as RFC 4733 events."""
        await self._rtp.send_dtmf(digits)

    async def wait_ringing(self, seconds: float = PATIENCE) -> None:
        """Return once a 180 or 183 came (went out, for an incoming call)."""
        await self._until(
            lambda: not {180, 183}.isdisjoint(self.provisional),
            seconds,
            "ringing",
            dead_when_over=True,
        )

    async def wait_answered(self, seconds: float = PATIENCE) -> None:
        """Return once the call is answered."""
        await self._until(lambda: self.status == 200, seconds, "answer", dead_when_over=True)

    async def wait_ended(self, seconds: float = PATIENCE) -> None:
        """Return once the call is over, however it ended."""
        await self._until(lambda: self.state is CallState.ENDED, seconds, "end of the call")

    async def wait_tone(self, hz: int, seconds: float = PATIENCE) -> None:
        """Return once the last 0.2 s of received audio are this tone."""
        await self._until(lambda: self.received.hears(hz), seconds, f"{hz} Hz", dead_when_over=True)

    async def wait_reinvited(self, seconds: float = PATIENCE) -> None:
        """Return once a re-INVITE of the peer was answered."""
        await self._until(lambda: self.reinvites > 0, seconds, "re-INVITE", dead_when_over=True)

    async def hangup(self) -> None:
        """End the call the way its state asks for; nothing when it is over."""
        if self.state is CallState.ANSWERED:
            await self._bye()
        elif self.state is not CallState.ENDED:
            await self._give_up()

    async def _give_up(self) -> None:
        """End a call that nobody answered yet."""
        raise NotImplementedError

    def on_request(self, transaction: ServerTransaction) -> None:
        """Take a request inside the dialog."""
        method = transaction.request.method
        if self.state is CallState.ENDED:
            self._reply(transaction, 481)
        elif method == "BYE":
            self._reply(transaction, 200)
            self.finish("remote")
        elif method == "INVITE":
            self._agent.tasks.spawn(self._reinvited(transaction), f"re-INVITE {self.call_id}")
        else:
            self._reply(transaction, 200 if method in ("INFO", "OPTIONS", "NOTIFY") else 405)

    def finish(self, by: str, status: int | None = None) -> None:
        """Mark the call as over and stop its media; `status` for a call that was not answered."""
        if self.state is CallState.ENDED:
            return
        self.state, self.ended_by = CallState.ENDED, by
        self.status = self.status if status is None else status
        self._rtp.close()
        if self._sender is not None:
            self._sender.cancel()
        self._watch.changed()

    async def _open_media(self) -> LocalMedia:
        """Bind the RTP port and start sending, which waits for a remote address."""
        host, port = await self._rtp.open(self._agent.endpoint.address[0])
        self._local = LocalMedia(host, port)
        if self.state is CallState.ENDED:  # while the port was bound
            self._rtp.close()
        else:
            self._sender = self._agent.tasks.spawn(self._rtp.run(), f"rtp {self.call_id}")
        return self._local

    def _take_remote(self, audio: MediaLine | None) -> None:
        """Send media to where the peer's description says, or nowhere when held."""
        if audio is None or not audio.accepts_media:
            self._rtp.send_to(None, None)
        else:
            self._rtp.send_to((audio.address, audio.port), audio.dtmf_payload)

    async def _reinvited(self, transaction: ServerTransaction) -> None:
        """Answer a re-INVITE: its offer, or with an offer of ours when it has none."""
        assert self._local is not None
        assert self._dialog is not None
        request = transaction.request
        self._sdp_version += 1
        try:
            self._dialog.refresh_target(request)
            offer = SessionDescription.parse(request.body) if request.body else None
        except SipParseError:
            await transaction.respond_until_acknowledged(request.response(400))
            return
        if offer is not None and offer.audio is None:
            await transaction.respond_until_acknowledged(request.response(488))
            return
        response = self._response(transaction, 200)
        if offer is None:
            attach_sdp(response, self._local.offer(self._sdp_version))
        else:
            self._take_remote(offer.audio)
            attach_sdp(response, self._local.answer(offer, self._sdp_version))
        self.reinvites += 1
        self._watch.changed()
        await transaction.respond_until_acknowledged(response)
        self._take_late_answer(transaction)

    def _take_late_answer(self, transaction: ServerTransaction) -> None:
        """The answer to an offer of ours in a 200 comes in the ACK (RFC 3264, 5)."""
        if transaction.ack_body and not transaction.request.body:
            with contextlib.suppress(SipParseError):
                self._take_remote(SessionDescription.parse(transaction.ack_body).audio)

    async def _bye(self) -> None:
        assert self._dialog is not None
        self._rtp.send_to(None, None)
        bye = self._dialog.request("BYE")
        await self._agent.send(bye, self._dialog.next_hop(), self._dialog.next_cseq)
        self.finish("local")

    def _response(self, transaction: ServerTransaction, status: int) -> Response:
        response = transaction.request.response(status, to_tag=self.tag)
        response.headers.add("Contact", str(self._agent.contact))
        response.headers.add("Allow", ALLOW)
        return response

    def _reply(self, transaction: ServerTransaction, status: int) -> None:
        transaction.respond(transaction.request.response(status, to_tag=self.tag))

    async def _until(
        self,
        condition: Callable[[], bool],
        seconds: float,
        waiting_for: str,
        *,
        dead_when_over: bool = False,
    ) -> None:
        await self._watch.until(
            condition,
            seconds,
            waiting_for=waiting_for,
            seen=lambda: f"{self}, {self.received}",
            hopeless=lambda: dead_when_over and self.state is CallState.ENDED,
        )
