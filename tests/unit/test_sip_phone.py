"""The phone against other phones and against a scripted peer, without a PBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fakes.sip_peer import ScriptedPeer
from tests.sip import Answer, Busy, CallState, Decline, Phone, Ring, Timers
from tests.sip.message import Request
from tests.sip.udp import UdpSocket

QUICK = Timers(t1=0.05, t2=0.2, limit=0.6, ring_limit=2.0)


def uri(phone: Phone) -> str:
    host, port = phone.address
    return f"sip:{phone.user}@{host}:{port}"


@pytest_asyncio.fixture
async def alice() -> AsyncIterator[Phone]:
    async with Phone("alice", "s", "127.0.0.1", 9, display_name='Al "Ice"', timers=QUICK) as phone:
        yield phone


@pytest_asyncio.fixture
async def bob() -> AsyncIterator[Phone]:
    async with Phone("bob", "s", "127.0.0.1", 9, timers=QUICK) as phone:
        yield phone


async def test_an_answered_call_carries_tones_and_digits_both_ways(
    alice: Phone, bob: Phone
) -> None:
    bob.on_incoming = Answer(tone_hz=600)
    call = await alice.call(uri(bob))
    await call.wait_ringing()
    await call.wait_answered()
    incoming = await bob.wait_incoming()
    assert (incoming.caller_number, incoming.caller_name) == ("alice", 'Al "Ice"')
    assert incoming.called == "bob"
    call.play_tone(1000)
    await asyncio.gather(call.wait_tone(600), incoming.wait_tone(1000))
    await asyncio.gather(call.send_dtmf("12#"), incoming.send_dtmf("99"))
    assert (incoming.received.digits, call.received.digits) == ("12#", "99")
    call.silence()
    await call.hangup()
    await incoming.wait_ended()
    assert (call.status, call.ended_by, incoming.ended_by) == (200, "local", "remote")


async def test_the_callee_hangs_up(alice: Phone, bob: Phone) -> None:
    call = await alice.call(uri(bob))
    await call.wait_answered()
    await (await bob.wait_incoming()).hangup()
    await call.wait_ended()
    assert call.ended_by == "remote"


@pytest.mark.parametrize(("policy", "status"), [(Busy(), 486), (Decline(), 603)])
async def test_a_refused_call_ends_with_its_code(
    alice: Phone, bob: Phone, policy: Busy | Decline, status: int
) -> None:
    bob.on_incoming = policy
    call = await alice.call(uri(bob))
    await call.wait_ended()
    assert (call.status, call.state) == (status, CallState.ENDED)
    assert (await bob.wait_incoming()).status == status


async def test_a_ringing_phone_waits_for_the_person(alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Ring()
    first, second = await alice.call(uri(bob)), await alice.call(uri(bob))
    await asyncio.gather(first.wait_ringing(), second.wait_ringing())
    await (await bob.wait_incoming(count=1)).answer()
    await (await bob.wait_incoming(count=2)).reject(480)
    await asyncio.gather(first.wait_answered(), second.wait_ended())
    assert (first.status, second.status) == (200, 480)


async def test_hanging_up_before_the_answer_cancels(alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Ring()
    call = await alice.call(uri(bob))
    await call.wait_ringing()
    await call.hangup()
    incoming = await bob.wait_incoming()
    await incoming.wait_ended()
    assert (call.status, incoming.status, incoming.ended_by) == (487, 487, "remote")


async def test_a_silent_phone_is_a_timeout_and_speaks_again(alice: Phone, bob: Phone) -> None:
    bob.go_silent()
    call = await alice.call(uri(bob))
    await call.wait_ended()
    assert (call.status, bob.incoming) == (408, [])
    bob.speak_again()
    call = await alice.call(uri(bob))
    await call.wait_answered()


async def test_waiting_in_vain_says_what_was_seen(alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Ring()
    call = await alice.call(uri(bob))
    await call.wait_ringing()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.1 s; seen: ringing"):
        await call.wait_answered(0.1)
    with pytest.raises(TimeoutError, match=r"1 calls: .*from alice"):
        await bob.wait_incoming(0.1, count=2)
    await (await bob.wait_incoming()).reject(486)
    with pytest.raises(TimeoutError, match=r"answer cannot come any more; seen: .* 486"):
        await call.wait_answered(60)


async def test_garbage_does_not_kill_a_phone(alice: Phone, bob: Phone) -> None:
    sender = await UdpSocket.open("127.0.0.1", lambda _data, _source: None)
    for garbage in (b"\xff" * 50, b"INVITE x SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n"):
        sender.send(garbage, bob.address)
    sender.send(b"\r\n\r\n", bob.address)  # a keep-alive is no garbage
    call = await alice.call(uri(bob))
    await call.wait_answered()
    assert bob.malformed == 3
    sender.close()
    await sender.wait_closed()


async def test_closing_a_phone_hangs_up(alice: Phone) -> None:
    async with Phone("carol", "s", "127.0.0.1", 9, timers=QUICK) as carol:
        call = await alice.call(uri(carol))
        await call.wait_answered()
    await call.wait_ended()
    assert call.ended_by == "remote"


async def test_hanging_up_on_a_peer_that_never_says_anything_ends_the_call(alice: Phone) -> None:
    async with ScriptedPeer(lambda _request, _count: None) as (host, port):
        call = await alice.call(f"sip:nobody@{host}:{port}")
        await call.hangup()
    assert (call.status, call.ended_by) == (408, "local")


async def test_a_challenge_is_answered_once_and_never_again() -> None:
    def refuse(request: Request, _count: int) -> bytes:
        response = request.response(401)
        response.headers.add("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')
        return response.to_bytes()

    peer = ScriptedPeer(refuse)
    async with peer as (host, port), Phone("1001", "wrong", host, port, timers=QUICK) as phone:
        assert await phone.register() == 401
        assert ["Authorization" in request.headers for request in peer.requests] == [False, True]
        assert [request.cseq for request in peer.requests] == [1, 2]


async def test_an_unanswered_request_is_repeated_unchanged_until_it_is_answered() -> None:
    def answer_the_third(request: Request, count: int) -> bytes | None:
        return request.response(200).to_bytes() if count == 3 else None

    peer = ScriptedPeer(answer_the_third)
    async with peer as (host, port), Phone("1001", "s", host, port, timers=QUICK) as phone:
        assert await phone.register() == 200
        assert len({request.to_bytes() for request in peer.requests}) == 1


async def test_no_answer_at_all_counts_as_408() -> None:
    async with (
        ScriptedPeer(lambda _request, _count: None) as (host, port),
        Phone("1001", "s", host, port, timers=QUICK) as phone,
    ):
        assert await phone.register() == 408
