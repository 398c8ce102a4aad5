"""Calls that this phone makes."""

from __future__ import annotations

import asyncio
import contextlib
import secrets

from .address import NameAddr, SipParseError
from .agent import ALLOW, Agent, attach_sdp
from .call import Call, CallState
from .dialog import Dialog
from .digest import answer_challenge
from .message import Request, Response
from .sdp import SessionDescription
from .transaction import ClientTransaction
from .udp import Address

_GIVE_UP_SECONDS = 5.0


class OutgoingCall(Call):
    """A call made by `Phone.call()`."""

    def __init__(self, agent: Agent, uri: str, destination: Address) -> None:
        super().__init__(agent, secrets.token_hex(12), secrets.token_hex(6), CallState.CALLING)
        self.uri = uri
        self._destination = destination
        self._invite: ClientTransaction | None = None
        self._cancelled = False
        self._cseq = 0

    async def start(self) -> None:
        """Bind the media port and send the INVITE."""
        local = await self._open_media()
        request = self._agent.request(
            "INVITE",
            self.uri,
            from_=self._agent.aor.with_tag(self.tag),
            to=NameAddr(self.uri),
            call_id=self.call_id,
            cseq=self._next_cseq(),
        )
        request.headers.add("Allow", ALLOW)
        attach_sdp(request, local.offer(self._sdp_version))
        self._invite = self._agent.endpoint.transaction(request, self._destination)
        self._agent.tasks.spawn(self._run(request, self._invite), f"INVITE {self.uri}")

    async def _run(self, request: Request, invite: ClientTransaction) -> None:
        response = await invite.run(self._on_provisional)
        if response.status in (401, 407) and not self._cancelled:
            retry = answer_challenge(request, response, self._agent.credentials, self._next_cseq())
            if retry is not None:
                invite = self._agent.endpoint.transaction(retry, self._destination)
                self._invite = invite
                response = await invite.run(self._on_provisional)
        if response.status < 300:
            await self._on_answer(invite, response)
        else:
            self.finish("local" if self._cancelled else "remote", response.status)

    def _on_provisional(self, response: Response) -> None:
        if self.state is CallState.ENDED:
            return
        if response.status > 100:
            self.provisional.append(response.status)
            if response.status == 180:
                self.state = CallState.RINGING
            elif self.state is CallState.CALLING:
                self.state = CallState.PROGRESS
        if response.body:
            self._take_remote(SessionDescription.parse(response.body).audio)
        self._watch.changed()

    async def _on_answer(self, invite: ClientTransaction, response: Response) -> None:
        self._dialog = Dialog.of_caller(self._agent, invite.request, response, self._destination)
        self._acknowledge(self._dialog, invite)
        try:
            audio = SessionDescription.parse(response.body).audio if response.body else None
        except SipParseError:
            audio = None
        if audio is not None:
            self._take_remote(audio)
        if self.state is CallState.ENDED:  # given up meanwhile: nobody talks, so only say so
            await self._agent.send(
                self._dialog.request("BYE"), self._dialog.next_hop(), self._dialog.next_cseq
            )
            return
        self.state, self.status = CallState.ANSWERED, response.status
        self._watch.changed()
        if self._cancelled:  # the answer crossed our CANCEL (RFC 3261, 9.1)
            await self._bye()

    def _acknowledge(self, dialog: Dialog, invite: ClientTransaction) -> None:
        ack = dialog.request("ACK", cseq=invite.request.cseq)
        for name in ("Authorization", "Proxy-Authorization"):  # RFC 3261, 22.1
            value = invite.request.headers.get(name)
            if value is not None:
                ack.headers.add(name, value)
        invite.acknowledge(self._agent.endpoint.with_via(ack), dialog.next_hop())

    async def _give_up(self) -> None:
        """CANCEL, which may be sent only after a provisional response (RFC 3261, 9.1)."""
        self._cancelled = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GIVE_UP_SECONDS):
                await self._cancel()
        self.finish("local", 408)  # nothing when the 487 came

    async def _cancel(self) -> None:
        assert self._invite is not None
        progressing = self._invite.provisional.is_set
        await self._until(progressing, _GIVE_UP_SECONDS, "100 Trying", dead_when_over=True)
        await self._agent.endpoint.cancellation(self._invite).run()
        await self.wait_ended(_GIVE_UP_SECONDS)

    def _next_cseq(self) -> int:
        self._cseq += 1
        return self._cseq
