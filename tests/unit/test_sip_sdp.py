"""Offers and answers of one audio stream, and message summaries."""

from __future__ import annotations

import pytest

from tests.sip.address import SipParseError
from tests.sip.mwi import MessageSummary
from tests.sip.sdp import LocalMedia, SessionDescription

LOCAL = LocalMedia("127.0.0.1", 40000)
OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=x\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
    b"m=video 6000 RTP/AVP 96\r\n"
    b"m=audio 5000 RTP/AVP 8 0 100\r\nc=IN IP4 10.0.0.2\r\n"
    b"a=rtpmap:100 telephone-event/8000\r\na=sendonly\r\n"
)


def test_an_offer_is_read() -> None:
    audio = SessionDescription.parse(OFFER).audio
    assert audio is not None
    assert (audio.address, audio.port, audio.dtmf_payload) == ("10.0.0.2", 5000, 100)
    assert not audio.accepts_media  # sendonly: its writer holds us


def test_an_answer_takes_the_audio_and_refuses_the_rest() -> None:
    answer = SessionDescription.parse(LOCAL.answer(SessionDescription.parse(OFFER), 1))
    video, audio = answer.media
    assert (video.kind, video.port) == ("video", 0)
    assert (audio.port, audio.formats) == (40000, ("0", "100"))
    assert audio.direction == "recvonly"


def test_own_offer_is_read_back() -> None:
    audio = SessionDescription.parse(LOCAL.offer(3)).audio
    assert audio is not None
    assert (audio.address, audio.port, audio.dtmf_payload) == ("127.0.0.1", 40000, 101)
    assert audio.accepts_media


@pytest.mark.parametrize(
    "change",
    [(b"8 0 100", b"8 100"), (b"audio 5000", b"audio 0"), (b"RTP/AVP 8", b"RTP/SAVP 8")],
)
def test_audio_that_is_not_plain_mu_law_is_not_usable(change: tuple[bytes, bytes]) -> None:
    assert SessionDescription.parse(OFFER.replace(*change)).audio is None


def test_the_null_address_holds() -> None:
    held = OFFER.replace(b"10.0.0.2", b"0.0.0.0").replace(b"a=sendonly\r\n", b"")
    audio = SessionDescription.parse(held).audio
    assert audio is not None
    assert not audio.accepts_media


@pytest.mark.parametrize(
    "body", [b"m=audio x RTP/AVP 0", b"m=audio", b"c=IN IP4", b"c=IN IP4 pbx.local"]
)
def test_a_broken_description_is_refused(body: bytes) -> None:
    with pytest.raises(SipParseError):
        SessionDescription.parse(body)


def test_a_message_summary_is_read() -> None:
    lit = MessageSummary.parse(
        b"Messages-Waiting: yes\r\nMessage-Account: sip:*97@pbx\r\nVoice-Message: 2/5 (1/0)\r\n"
    )
    assert (lit.waiting, lit.new, lit.old, lit.account) == (True, 2, 5, "sip:*97@pbx")
    dark = MessageSummary.parse(b"Messages-Waiting: no\r\n")
    assert (dark.waiting, dark.new, dark.old) == (False, 0, 0)
    with pytest.raises(SipParseError):
        MessageSummary.parse(b"hello")
