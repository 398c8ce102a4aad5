"""The phone as the calling side: what it must do when packets are lost or a proxy is between."""

from __future__ import annotations

import asyncio

import pytest

from tests.eventually import eventually
from tests.fakes.sip_peer import ScriptedPeer
from tests.sip import CallState, Phone, Timers
from tests.sip.message import Request
from tests.sip.sdp import LocalMedia

QUICK = Timers(t1=0.05, t2=0.2, limit=0.6)
NOBODYS_MEDIA = LocalMedia("127.0.0.1", 9).offer(1)


def final(invite: Request, status: int) -> bytes:
    """A final response to an INVITE; a 200 comes through two proxies on this very host."""
    response = invite.response(status, to_tag="peer")
    if status == 200:
        response.headers.add("Contact", "<sip:1002@127.0.0.1:9>")
        for proxy in ("<sip:far@10.255.0.1;lr>", f"<{invite.uri};lr>"):
            response.headers.add("Record-Route", proxy)
        response.body = NOBODYS_MEDIA
    return response.to_bytes()


@pytest.mark.parametrize(("status", "own_branch"), [(200, True), (486, False)])
async def test_a_final_response_that_comes_again_is_acknowledged_again(
    status: int, own_branch: bool
) -> None:
    def lose_the_first_ack(request: Request, count: int) -> bytes | None:
        if request.method == "ACK" and count > 2:
            return None
        return final(peer.requests[0], status)

    peer = ScriptedPeer(lose_the_first_ack)
    async with peer as (host, port), Phone("1001", "s", host, port, timers=QUICK) as phone:
        call = await phone.call(f"sip:1002@{host}:{port}")
        await eventually(lambda: len(peer.requests) >= 3)
        await eventually(lambda: call.status == status)
        invite, first, second = peer.requests[:3]
        assert first.method == second.method == "ACK"
        assert first.to_bytes() == second.to_bytes()
        assert (first.cseq, first.to.tag) == (invite.cseq, "peer")
        # Only the ACK of a failure belongs to the INVITE's transaction (RFC 3261, 17.1.1.3).
        assert (first.branch != invite.branch) is own_branch


async def test_requests_in_a_call_go_through_the_proxies_nearest_first() -> None:
    def accept(request: Request, _count: int) -> bytes | None:
        if request.method == "INVITE":
            return final(request, 200)
        return request.response(200).to_bytes() if request.method == "BYE" else None

    peer = ScriptedPeer(accept)
    async with peer as (host, port), Phone("1001", "s", host, port, timers=QUICK) as phone:
        target = f"sip:1002@{host}:{port}"
        call = await phone.call(target)
        await call.wait_answered()
        await call.hangup()
        _, ack, bye = peer.requests
        for request in (ack, bye):
            assert request.uri == "sip:1002@127.0.0.1:9"
            assert request.headers.get_list("Route") == [
                f"<{target};lr>",
                "<sip:far@10.255.0.1;lr>",
            ]
        assert call.state is CallState.ENDED


async def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up() -> None:
    def answer_when_cancelled(request: Request, _count: int) -> bytes | None:
        if request.method == "INVITE":
            return request.response(180, to_tag="peer").to_bytes()
        if request.method == "CANCEL":
            return final(peer.requests[0], 200)
        return request.response(200).to_bytes() if request.method == "BYE" else None

    peer = ScriptedPeer(answer_when_cancelled)
    async with peer as (host, port), Phone("1001", "s", host, port, timers=QUICK) as phone:
        call = await phone.call(f"sip:1002@{host}:{port}")
        await call.wait_ringing()
        async with asyncio.timeout(3):
            await call.hangup()
        methods = [request.method for request in peer.requests]
        assert methods[:2] == ["INVITE", "CANCEL"]
        assert {"ACK", "BYE"} <= set(methods)
        assert (call.status, call.ended_by) == (200, "local")
