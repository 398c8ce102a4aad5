"""The phone as the called side of a scripted caller: what a polite PBX rarely does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sip import Answer, Phone, Ring, Timers
from tests.sip.message import Headers, Request, Response, parse_message
from tests.sip.rtp import RtpPacket
from tests.sip.sdp import LocalMedia, SessionDescription
from tests.sip.udp import Address, UdpSocket

QUICK = Timers(t1=0.05, t2=0.1, limit=0.4)


class Caller:
    """Sends requests as written and keeps what comes back, SIP and RTP apart."""

    def __init__(self, phone: Phone) -> None:
        self.messages: asyncio.Queue[Request | Response] = asyncio.Queue()
        self.rtp: asyncio.Queue[RtpPacket] = asyncio.Queue()
        self._phone = phone

    async def open(self) -> None:
        self._sip = await UdpSocket.open("127.0.0.1", self._on_sip)
        self._media = await UdpSocket.open("127.0.0.1", self._on_rtp)

    async def close(self) -> None:
        for each in (self._sip, self._media):
            each.close()
            await each.wait_closed()

    @property
    def media(self) -> LocalMedia:
        return LocalMedia(*self._media.address)

    @property
    def sip_port(self) -> int:
        return self._sip.address[1]

    def send(
        self,
        method: str,
        cseq: int,
        body: bytes = b"",
        *,
        to_tag: str = "",
        branch: str = "",
        contact_user: str = "5551234",
    ) -> None:
        host, port = self._sip.address
        branch = branch or f"z9hG4bK{method}{cseq}"
        headers = Headers(
            [
                ("Via", f"SIP/2.0/UDP {host}:{port};branch={branch};rport"),
                ("From", "<sip:5551234@127.0.0.1>;tag=caller"),
                ("To", f"<sip:bob@127.0.0.1>{f';tag={to_tag}' if to_tag else ''}"),
                ("Call-ID", "scripted"),
                ("CSeq", f"{cseq} {method}"),
                ("Contact", f"<sip:{contact_user}@{host}:{port}>"),
                ("Diversion", "<sip:1003@pbx>;reason=unconditional"),
            ]
        )
        request = Request(method, "sip:bob@127.0.0.1", headers=headers, body=body)
        self._sip.send(request.to_bytes(), self._phone.address)

    def answer(self, request: Request, status: int) -> None:
        self._sip.send(request.response(status).to_bytes(), self._phone.address)

    async def response(self, status: int) -> Response:
        """The next message with this status; others before it are dropped."""
        async with asyncio.timeout(2):
            while True:
                message = await self.messages.get()
                if isinstance(message, Response) and message.status == status:
                    return message

    async def request(self, method: str) -> Request:
        """The next request with this method; messages before it are dropped."""
        async with asyncio.timeout(2):
            while True:
                message = await self.messages.get()
                if isinstance(message, Request) and message.method == method:
                    return message

    async def frame(self) -> RtpPacket:
        """The next RTP packet."""
        async with asyncio.timeout(2):
            return await self.rtp.get()

    def _on_sip(self, data: bytes, _source: Address) -> None:
        self.messages.put_nowait(parse_message(data))

    def _on_rtp(self, data: bytes, _source: Address) -> None:
        self.rtp.put_nowait(RtpPacket.parse(data))


@pytest.fixture
async def bob() -> AsyncIterator[Phone]:
    async with Phone("bob", "s", "127.0.0.1", 9, timers=QUICK) as phone:
        yield phone


@pytest.fixture
async def caller(bob: Phone) -> AsyncIterator[Caller]:
    scripted = Caller(bob)
    await scripted.open()
    yield scripted
    await scripted.close()


async def established(caller: Caller) -> str:
    """A call that is answered and acknowledged; gives the phone's tag."""
    caller.send("INVITE", 1, caller.media.offer(1))
    tag = (await caller.response(200)).to.tag
    assert tag is not None
    caller.send("ACK", 1, to_tag=tag, branch="z9hG4bKack")
    await caller.frame()
    return tag


async def test_an_invite_without_an_offer_gets_one_and_its_answer_comes_in_the_ack(
    bob: Phone, caller: Caller
) -> None:
    bob.on_incoming = Answer()
    caller.send("INVITE", 1)
    response = await caller.response(200)
    offer = SessionDescription.parse(response.body)
    assert offer.audio is not None
    answer = caller.media.answer(offer, 1)
    caller.send("ACK", 1, answer, to_tag=response.to.tag or "", branch="z9hG4bKack")
    assert (await caller.frame()).payload_type == 0


async def test_an_answer_that_nobody_acknowledges_is_repeated_and_then_hung_up(
    bob: Phone, caller: Caller
) -> None:
    caller.send("INVITE", 1, caller.media.offer(1))
    first, second = await caller.response(200), await caller.response(200)
    assert first.to_bytes() == second.to_bytes()
    bye = await caller.request("BYE")
    assert bye.from_.tag == first.to.tag


async def test_hold_stops_the_media_and_resume_starts_it_again(caller: Caller) -> None:
    tag = await established(caller)
    caller.send("INVITE", 2, caller.media.offer(2).replace(b"sendrecv", b"sendonly"), to_tag=tag)
    held = SessionDescription.parse((await caller.response(200)).body)
    assert held.media[0].direction == "recvonly"
    caller.send("ACK", 2, to_tag=tag, branch="z9hG4bKack2")
    while not caller.rtp.empty():
        caller.rtp.get_nowait()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await caller.rtp.get()
    caller.send("INVITE", 3, caller.media.offer(3), to_tag=tag)
    await caller.response(200)
    caller.send("ACK", 3, to_tag=tag, branch="z9hG4bKack3")
    await caller.frame()


async def test_a_repeated_invite_rings_once_and_gets_the_same_response(
    bob: Phone, caller: Caller
) -> None:
    bob.on_incoming = Ring()
    for _ in range(2):
        caller.send("INVITE", 1, caller.media.offer(1))
    first, second = await caller.response(180), await caller.response(180)
    assert first.to_bytes() == second.to_bytes()
    assert len(bob.incoming) == 1
    assert bob.incoming[0].headers["Diversion"] == "<sip:1003@pbx>;reason=unconditional"


async def test_an_offer_without_mu_law_is_refused(caller: Caller) -> None:
    caller.send("INVITE", 1, caller.media.offer(1).replace(b"RTP/AVP 0", b"RTP/AVP 9"))
    await caller.response(488)


async def test_responses_go_back_with_where_the_request_came_from(caller: Caller) -> None:
    caller.send("OPTIONS", 1)
    via = (await caller.response(200)).headers["Via"]
    assert via.endswith(f";rport={caller.sip_port};received=127.0.0.1")


@pytest.mark.parametrize(
    ("method", "tag", "status"),
    [("BYE", "unknown", 481), ("CANCEL", "", 481), ("PUBLISH", "", 405), ("NOTIFY", "", 489)],
)
async def test_requests_that_fit_nothing_are_refused(
    caller: Caller, method: str, tag: str, status: int
) -> None:
    caller.send(method, 1, to_tag=tag)
    await caller.response(status)


async def test_a_second_bye_is_told_that_the_call_is_over(caller: Caller) -> None:
    tag = await established(caller)
    caller.send("BYE", 2, to_tag=tag)
    await caller.response(200)
    caller.send("BYE", 3, to_tag=tag)
    await caller.response(481)


async def test_a_re_invite_moves_where_requests_go(bob: Phone, caller: Caller) -> None:
    tag = await established(caller)
    caller.send("INVITE", 2, caller.media.offer(2), to_tag=tag, contact_user="moved")
    await caller.response(200)
    caller.send("ACK", 2, to_tag=tag, branch="z9hG4bKack2")
    hangup = asyncio.create_task(bob.incoming[0].hangup(), name="hangup")
    bye = await caller.request("BYE")
    assert bye.uri.startswith("sip:moved@")
    caller.answer(bye, 200)
    await hangup
