"""Calls that come in."""

from __future__ import annotations

import asyncio
import secrets

from .address import SipUri
from .agent import Agent, attach_sdp
from .call import Call, CallState
from .dialog import Dialog
from .policy import Answer, Busy, Decline, Policy
from .sdp import SessionDescription
from .transaction import ServerTransaction


class IncomingCall(Call):
    """A call in `Phone.incoming`.

    caller_number, caller_name: user part and display name of From ("" when there is none).
    called: the user part of the request URI.
    headers: those of the INVITE, for example `call.headers.get("Diversion")`.
    """

    def __init__(self, agent: Agent, transaction: ServerTransaction) -> None:
        request = transaction.request
        super().__init__(agent, request.call_id, secrets.token_hex(6), CallState.CALLING)
        self.headers = request.headers
        self.caller_name = request.from_.display_name
        self.caller_number = SipUri.parse(request.from_.uri).user or ""
        self.called = SipUri.parse(request.uri).user or ""
        self.offer = SessionDescription.parse(request.body) if request.body else None
        self._invite = transaction
        self._settling = False
        self._dialog = Dialog.of_callee(agent, request, self.tag, transaction.source)

    def __str__(self) -> str:
        return f"from {self.caller_number} {self.caller_name!r}: {super().__str__()}"

    async def follow(self, policy: Policy) -> None:
        """Do what the phone does with calls; returns when that is done."""
        if self.offer is not None and self.offer.audio is None:
            await self.reject(488)
        elif isinstance(policy, Busy):
            await self.reject(486)
        elif isinstance(policy, Decline):
            await self.reject(603)
        else:
            self._ring()
            if isinstance(policy, Answer):
                await asyncio.sleep(policy.after)
                if policy.tone_hz is not None:
                    self.play_tone(policy.tone_hz)
                await self.answer()

    def _ring(self) -> None:
        self.state = CallState.RINGING
        self.provisional.append(180)
        self._invite.respond(self._response(self._invite, 180))
        self._watch.changed()

    async def answer(self) -> None:
        """Answer and return once the caller acknowledged it; nothing when answered or over."""
        if self._settling or self._over():
            return
        self._settling = True  # from here on nobody else answers, rejects or cancels
        local = await self._open_media()
        if self._over():
            return
        response = self._response(self._invite, 200)
        if self.offer is None:
            attach_sdp(response, local.offer(self._sdp_version))
        else:
            attach_sdp(response, local.answer(self.offer, self._sdp_version))
            self._take_remote(self.offer.audio)
        self.state, self.status = CallState.ANSWERED, 200
        self._watch.changed()
        if not await self._invite.respond_until_acknowledged(response) and not self._over():
            await self._bye()  # RFC 3261, 13.3.1.4
        self._take_late_answer(self._invite)

    async def reject(self, status: int = 486) -> None:
        """Refuse with this code (300-699) and return once the caller acknowledged it."""
        if self._settling or self._over():
            return
        self.finish("local", status)
        await self._invite.respond_until_acknowledged(self._response(self._invite, status))

    async def redirect(self, uri: str) -> None:
        """Send the caller elsewhere (302), as a phone with a forward of its own does."""
        self._settling = True
        response = self._response(self._invite, 302)
        response.headers.add("Contact", f"<{uri}>")
        self.finish("local", 302)
        await self._invite.respond_until_acknowledged(response)

    def is_of(self, cancel: ServerTransaction) -> bool:
        """Whether this CANCEL is for the INVITE of this call (RFC 3261, 9.2)."""
        mine, its = self._invite.request, cancel.request
        return (mine.call_id, mine.branch) == (its.call_id, its.branch)

    def on_cancel(self, cancel: ServerTransaction) -> None:
        """The caller gave up."""
        self._reply(cancel, 200)
        if not self._settling and not self._over():
            self.finish("remote", 487)
            self._agent.tasks.spawn(self._terminate(), f"487 {self.call_id}")

    async def _terminate(self) -> None:
        await self._invite.respond_until_acknowledged(self._response(self._invite, 487))

    def finish(self, by: str, status: int | None = None) -> None:
        """Mark the call as over; an answer that nobody acknowledged is repeated no more."""
        if self.state is CallState.ANSWERED:
            self._invite.settle()
        super().finish(by, status)

    async def _give_up(self) -> None:
        await self.reject(480)

    def _over(self) -> bool:
        return self.state is CallState.ENDED
