"""Mu-law, tones, RTP packets and DTMF events."""

from __future__ import annotations

from array import array

import pytest

from tests.sip import g711
from tests.sip.address import SipParseError
from tests.sip.dtmf import DtmfEvent, key_press
from tests.sip.rtp import Received, RtpPacket
from tests.sip.tone import goertzel_share, loudness, ulaw_tone


@pytest.mark.parametrize(
    ("sample", "byte"),
    # Ends of the segments of G.711, table 2a, scaled to 16 bits, and beyond.
    [
        (0, 0xFF),
        (-1, 0x7F),
        (132, 0xEF),
        (-132, 0x6F),
        (32124, 0x80),
        (-32124, 0x00),
        (32767, 0x80),
        (-32768, 0x00),
    ],
)
def test_mu_law_code_words(sample: int, byte: int) -> None:
    assert g711.encode([sample]) == bytes([byte])


def test_every_mu_law_byte_survives_a_round_trip() -> None:
    every = bytes(range(256))
    negative_zero = every.replace(b"\x7f", b"\xff")  # both zeros decode to 0
    assert g711.encode(g711.decode(every)) == negative_zero


def test_mu_law_is_off_by_at_most_a_step_of_its_segment() -> None:
    for sample in range(-32124, 32125, 7):
        decoded = g711.decode(g711.encode([sample]))[0]
        assert abs(decoded - sample) <= max(4, (abs(sample) + 132) / 32)


def test_a_tone_is_found_at_its_frequency_only() -> None:
    samples = g711.decode(ulaw_tone(440))[:1600]
    assert goertzel_share(samples, 440) > 0.95
    for other in (330, 480, 880, 1000):
        assert goertzel_share(samples, other) < 0.05, other
    assert goertzel_share(array("h", [0] * 1600), 440) == 0
    assert 5000 < loudness(samples) < 6000


def test_a_tone_repeats_without_a_click() -> None:
    tone = ulaw_tone(441)
    around_the_seam = g711.decode(tone[-800:] + tone[:800])
    assert goertzel_share(around_the_seam, 441) > 0.95


def test_an_rtp_packet_is_read_back() -> None:
    packet = RtpPacket(101, 65535, 2**32 - 1, 7, b"abcd", marker=True)
    assert RtpPacket.parse(packet.to_bytes()) == packet


def test_csrcs_extension_and_padding_are_skipped() -> None:
    fixed = bytes([0xB1, 0]) + bytes(10)
    csrc, extension = b"CSRC", b"\xbe\xde\x00\x01extn"
    data = fixed + csrc + extension + b"payload" + b"\x00\x00\x03"
    assert RtpPacket.parse(data).payload == b"payload"


@pytest.mark.parametrize(
    "data", [b"", b"\x80" * 11, b"\x00" * 20, b"\x8f" + bytes(20), b"\x90" + bytes(11)]
)
def test_what_is_no_rtp_is_refused(data: bytes) -> None:
    with pytest.raises(SipParseError):
        RtpPacket.parse(data)


def test_key_presses_are_received_once_each() -> None:
    received = Received()
    for start, digit in enumerate("11#", start=1):
        for event in key_press(digit):
            packet = RtpPacket(101, 1, start * 2000, 9, event.to_bytes())
            received.add(packet, dtmf_payload=101)
    assert received.digits == "11#"


def test_a_key_press_ends_three_times_with_its_whole_duration() -> None:
    events = [DtmfEvent.parse(event.to_bytes()) for event in key_press("d", milliseconds=60)]
    assert [event.duration for event in events] == [160, 320, 480, 480, 480, 480]
    assert [event.end for event in events] == [False] * 3 + [True] * 3
    with pytest.raises(ValueError, match="not a DTMF digit"):
        list(key_press("x"))


def test_received_audio_is_bounded_and_foreign_packets_do_not_count() -> None:
    received = Received()
    second = ulaw_tone(500)
    for _ in range(61):
        received.add(RtpPacket(0, 1, 1, 1, second), None)
    received.add(RtpPacket(72, 1, 1, 1, b"rtcp"), None)
    assert len(received.samples) == 60 * g711.SAMPLE_RATE
    assert (received.packets, received.foreign) == (61, 1)
    assert received.hears(500)
    assert not received.hears(700)
