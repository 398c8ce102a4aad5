"""Session descriptions for one G.711 audio stream (RFC 8866, offer/answer RFC 3264)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from .address import SipParseError

PCMU = 0
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_ANSWER_DIRECTION = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


@dataclass(frozen=True)
class MediaLine:
    """One m= line: where its RTP goes and what it may carry."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    address: str
    dtmf_payload: int | None = None
    direction: str = "sendrecv"

    @property
    def is_audio(self) -> bool:
        """Whether this is audio over plain RTP that offers mu-law at a known address."""
        plain = (self.kind, self.protocol) == ("audio", "RTP/AVP")
        return plain and str(PCMU) in self.formats and bool(self.address)

    @property
    def accepts_media(self) -> bool:
        """Whether the writer wants media now; the null address means hold (RFC 3264, 8.4)."""
        nowhere = ipaddress.ip_address(self.address).is_unspecified or self.port == 0
        return self.direction in ("sendrecv", "recvonly") and not nowhere


@dataclass(frozen=True)
class SessionDescription:
    """An offer or an answer."""

    media: tuple[MediaLine, ...]

    @classmethod
    def parse(cls, body: bytes) -> SessionDescription:
        """Read the parts a phone needs. Raises SipParseError."""
        session_address, session_direction = "", "sendrecv"
        media: list[MediaLine] = []
        for line in body.decode("utf-8", "replace").splitlines():
            kind, _, value = line.strip().partition("=")
            if kind == "m":
                media.append(_parse_media(value, session_address, session_direction))
            elif kind == "c" and media:
                media[-1] = replace(media[-1], address=_parse_connection(value))
            elif kind == "c":
                session_address = _parse_connection(value)
            elif kind == "a" and media:
                media[-1] = _with_attribute(media[-1], value)
            elif kind == "a" and value in _DIRECTIONS:
                session_direction = value
        return cls(tuple(media))

    @property
    def audio(self) -> MediaLine | None:
        """The first usable audio stream, or None."""
        return next((line for line in self.media if line.is_audio and line.port > 0), None)


@dataclass(frozen=True)
class LocalMedia:
    """This side's stream: it writes the offers and the answers of one call."""

    address: str
    port: int
    dtmf_payload: int = 101

    def offer(self, version: int) -> bytes:
        """An offer of mu-law and telephone-event; `version` counts up with every change."""
        return self._write([self._audio_line(self.dtmf_payload, "sendrecv")], version)

    def answer(self, offer: SessionDescription, version: int) -> bytes:
        """The answer: the first usable audio is taken, every other stream refused with port 0."""
        lines: list[str] = []
        for media in offer.media:
            if media is offer.audio:
                direction = _ANSWER_DIRECTION.get(media.direction, "sendrecv")
                lines.append(self._audio_line(media.dtmf_payload, direction))
            else:
                lines.append(f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}")
        return self._write(lines, version)

    def _audio_line(self, dtmf_payload: int | None, direction: str) -> str:
        formats = [PCMU] if dtmf_payload is None else [PCMU, dtmf_payload]
        lines = [f"m=audio {self.port} RTP/AVP {' '.join(map(str, formats))}"]
        lines.append(f"a=rtpmap:{PCMU} PCMU/8000")
        if dtmf_payload is not None:
            lines.append(f"a=rtpmap:{dtmf_payload} telephone-event/8000")
            lines.append(f"a=fmtp:{dtmf_payload} 0-16")
        return "\r\n".join([*lines, "a=ptime:20", f"a={direction}"])

    def _write(self, media: list[str], version: int) -> bytes:
        session = [
            "v=0",
            f"o=phone {self.port} {version} IN IP4 {self.address}",
            "s=phone",
            f"c=IN IP4 {self.address}",
            "t=0 0",
        ]
        return ("\r\n".join([*session, *media]) + "\r\n").encode()


def _parse_media(value: str, address: str, direction: str) -> MediaLine:
    parts = value.split()
    port = parts[1].partition("/")[0] if len(parts) > 3 else ""
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise SipParseError(f"not a media line: {value[:80]!r}")
    return MediaLine(parts[0], int(port), parts[2], tuple(parts[3:]), address, None, direction)


def _parse_connection(value: str) -> str:
    parts = value.split()
    address = parts[2].partition("/")[0] if len(parts) == 3 else ""
    try:
        ipaddress.ip_address(address)
    except ValueError:  # a host name too: this phone looks up no names during a call
        raise SipParseError(f"not an address: {value[:80]!r}") from None
    return address


def _with_attribute(media: MediaLine, value: str) -> MediaLine:
    if value in _DIRECTIONS:
        return replace(media, direction=value)
    name, _, rest = value.partition(":")
    payload, _, encoding = rest.partition(" ")
    if name == "rtpmap" and encoding.strip().lower() == "telephone-event/8000":
        if not (payload.isascii() and payload.isdigit() and int(payload) < 128):
            raise SipParseError(f"not a payload type: {payload[:20]!r}")
        return replace(media, dtmf_payload=int(payload))
    return media
