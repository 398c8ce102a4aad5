"""One RTP audio stream: 20 ms mu-law frames out, counted and decoded frames in (RFC 3550)."""

from __future__ import annotations

import asyncio
import secrets
import struct
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import g711
from .address import SipParseError
from .dtmf import DtmfEvent, key_press
from .sdp import PCMU
from .tone import goertzel_share, loudness, ulaw_tone
from .udp import Address, UdpSocket
from .watch import Watch

FRAME_SAMPLES = 160
FRAME_SECONDS = 0.02
_KEPT_SAMPLES = 60 * g711.SAMPLE_RATE  # a phone that runs for days must not grow
_PAUSE_FRAMES = 3  # audio between two key presses, so that equal digits stay two


@dataclass(frozen=True)
class RtpPacket:
    """An RTP packet without CSRC list and extension."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def to_bytes(self) -> bytes:
        """The datagram."""
        second = (0x80 if self.marker else 0) | self.payload_type
        header = struct.pack("!BBHII", 0x80, second, self.sequence, self.timestamp, self.ssrc)
        return header + self.payload

    @classmethod
    def parse(cls, data: bytes) -> RtpPacket:
        """Read a datagram, skipping CSRCs, header extension and padding. Raises SipParseError."""
        if len(data) < 12 or data[0] >> 6 != 2:
            raise SipParseError(f"not RTP: {data[:12].hex()}")
        first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
        start, end = 12 + 4 * (first & 0x0F), len(data)
        if first & 0x10:
            if len(data) < start + 4:
                raise SipParseError("RTP header extension is cut off")
            start += 4 + 4 * struct.unpack_from("!H", data, start + 2)[0]
        if first & 0x20:
            end -= data[-1]
        if start > end:
            raise SipParseError("RTP packet is cut off")
        payload = data[start:end]
        return cls(second & 0x7F, sequence, timestamp, ssrc, payload, bool(second & 0x80))


@dataclass
class Received:
    """What arrived on a stream: packet count, the last 60 s of samples, the DTMF digits."""

    packets: int = 0
    foreign: int = 0  # neither mu-law nor DTMF: RTCP, comfort noise, garbage
    digits: str = ""
    samples: array[int] = field(default_factory=lambda: array("h"), repr=False)
    _last_event: tuple[int, int] | None = field(default=None, repr=False)

    def add(self, packet: RtpPacket, dtmf_payload: int | None) -> None:
        """Count a packet and keep what it says."""
        if packet.payload_type == PCMU:
            self.packets += 1
            self.samples.extend(g711.decode(packet.payload))
            del self.samples[: max(0, len(self.samples) - _KEPT_SAMPLES)]
        elif packet.payload_type == dtmf_payload:
            event = DtmfEvent.parse(packet.payload)
            # All packets of one key press carry one timestamp (RFC 4733, 2.5.1.2).
            if self._last_event != (packet.ssrc, packet.timestamp):
                self._last_event = (packet.ssrc, packet.timestamp)
                self.digits += event.digit
        else:
            self.foreign += 1

    def forget(self) -> None:
        """Drop the samples and digits so far, so that what comes next is judged alone."""
        del self.samples[:]
        self.digits = ""

    def hears(self, hz: int, seconds: float = 0.2) -> bool:
        """Whether the last `seconds` of audio are mostly this tone and not just faint noise."""
        wanted = round(seconds * g711.SAMPLE_RATE)
        recent = self.samples[-wanted:]
        return len(recent) == wanted and loudness(recent) > 200 and goertzel_share(recent, hz) > 0.6


class RtpStream:
    """Sends a tone, silence or DTMF to one peer at 50 packets a second, and records what comes."""

    def __init__(self, watch: Watch) -> None:
        self.received = Received()
        self._watch = watch
        self._socket: UdpSocket | None = None
        self._remote: Address | None = None
        self._dtmf_payload: int | None = None
        self._tone = bytes([g711.SILENCE]) * g711.SAMPLE_RATE
        self._events: deque[Iterator[DtmfEvent]] = deque()
        self._sequence = secrets.randbelow(2**16)
        self._timestamp = secrets.randbelow(2**32)
        self._event_start: int | None = None
        self._pause = 0
        self._ssrc = secrets.randbelow(2**32)

    async def open(self, host: str) -> Address:
        """Bind a port for the stream and return where it listens."""
        self._socket = await UdpSocket.open(host, self._on_datagram)
        return self._socket.address

    def close(self) -> None:
        """Close the socket; what was received stays readable."""
        self._remote = None
        if self._socket is not None:
            self._socket.close()

    def send_to(self, remote: Address | None, dtmf_payload: int | None) -> None:
        """Send there from the next frame on; None sends nothing (held)."""
        self._remote, self._dtmf_payload = remote, dtmf_payload

    def play_tone(self, hz: int) -> None:
        """Send this tone (whole hertz, below 4000) from the next frame on."""
        self._tone = ulaw_tone(hz)

    def silence(self) -> None:
        """Send silence from the next frame on."""
        self._tone = bytes([g711.SILENCE]) * g711.SAMPLE_RATE

    async def send_dtmf(self, digits: str) -> None:
        """Press the keys one after another; return when the last was sent.

        Raises ValueError for a character that is no DTMF digit or when the peer takes no
        telephone-event, TimeoutError when the stream sends nothing.
        """
        if self._remote is None or self._dtmf_payload is None:
            raise ValueError("the peer takes no telephone-event now")
        presses = [list(key_press(digit)) for digit in digits]
        self._events.extend(iter(press) for press in presses)
        frames = sum(len(press) + _PAUSE_FRAMES for press in presses)
        await self._watch.until(
            lambda: not self._events and self._pause == 0,
            2 + 3 * frames * FRAME_SECONDS,
            waiting_for=f"end of DTMF {digits!r}",
            seen=lambda: f"{len(self._events)} digits not yet sent",
            hopeless=lambda: self._remote is None,
        )

    async def run(self) -> None:
        """Send a frame every 20 ms by the loop's clock, for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if self._remote is not None and self._socket is not None:
                self._socket.send(self._next_packet().to_bytes(), self._remote)
            # After a stall go on from now: a burst would overrun the peer's jitter buffer.
            due = max(due + FRAME_SECONDS, loop.time() - 5 * FRAME_SECONDS)
            await asyncio.sleep(due - loop.time())

    def _next_packet(self) -> RtpPacket:
        self._sequence = (self._sequence + 1) % 2**16
        self._timestamp = (self._timestamp + FRAME_SAMPLES) % 2**32
        if self._pause:
            self._pause -= 1
            if not self._pause:
                self._watch.changed()
        elif self._events and (event := next(self._events[0], None)) is not None:
            return self._dtmf_packet(event)
        elif self._events:
            self._events.popleft()
            self._event_start, self._pause = None, _PAUSE_FRAMES
        start = self._timestamp % g711.SAMPLE_RATE
        frame = (self._tone + self._tone[:FRAME_SAMPLES])[start : start + FRAME_SAMPLES]
        return RtpPacket(PCMU, self._sequence, self._timestamp, self._ssrc, frame)

    def _dtmf_packet(self, event: DtmfEvent) -> RtpPacket:
        assert self._dtmf_payload is not None
        first = self._event_start is None
        if self._event_start is None:
            self._event_start = self._timestamp
        return RtpPacket(
            self._dtmf_payload,
            self._sequence,
            self._event_start,
            self._ssrc,
            event.to_bytes(),
            marker=first,
        )

    def _on_datagram(self, data: bytes, _source: Address) -> None:
        try:
            self.received.add(RtpPacket.parse(data), self._dtmf_payload)
        except SipParseError:
            self.received.foreign += 1
        self._watch.changed()
