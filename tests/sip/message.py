"""SIP messages: parse and build (RFC 3261, section 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from .address import NameAddr, SipParseError, split_outside

_COMPACT = {
    "b": "Referred-By",
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
}
# Reasons that SIP words otherwise than HTTP, or that HTTP lacks (RFC 3261, section 21).
_REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    603: "Decline",
}


class Headers:
    """Header fields in order; names are case-insensitive and may repeat."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = list(fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise SipParseError(f"no {name} header")
        return value

    def get(self, name: str) -> str | None:
        """The first field of that name as written, or None."""
        return next((value for key, value in self._fields if key.lower() == name.lower()), None)

    def get_list(self, name: str) -> list[str]:
        """Every value of a header that may repeat or be comma-separated (Via, Route...)."""
        written = (value for key, value in self._fields if key.lower() == name.lower())
        return [item for value in written for item in split_outside(value, ",") if item]

    def add(self, name: str, value: str) -> None:
        """Append a field."""
        self._fields.append((name, value))

    def prepend(self, name: str, value: str) -> None:
        """Put a field before all others, as a new Via must be."""
        self._fields.insert(0, (name, value))

    def set(self, name: str, value: str) -> None:
        """Replace every field of that name by one."""
        self._fields = [item for item in self._fields if item[0].lower() != name.lower()]
        self._fields.append((name, value))

    def copy(self) -> Headers:
        """An independent copy."""
        return Headers(self._fields)


@dataclass
class Message:
    """What requests and responses have in common."""

    headers: Headers = field(default_factory=Headers, kw_only=True)
    body: bytes = field(default=b"", kw_only=True)

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.headers["Call-ID"]

    @property
    def from_(self) -> NameAddr:
        """The From header."""
        return NameAddr.parse(self.headers["From"])

    @property
    def to(self) -> NameAddr:
        """The To header."""
        return NameAddr.parse(self.headers["To"])

    @property
    def cseq(self) -> int:
        """The number in CSeq."""
        return parse_cseq(self.headers["CSeq"])[0]

    @property
    def cseq_method(self) -> str:
        """The method in CSeq."""
        return parse_cseq(self.headers["CSeq"])[1]

    @property
    def branch(self) -> str:
        """The transaction's branch, from the topmost Via; empty when the peer wrote none."""
        return Via.parse(self.headers.get_list("Via")[0]).params.get("branch") or ""

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact, or None."""
        listed = self.headers.get_list("Contact")
        return NameAddr.parse(listed[0]) if listed else None

    def _start_line(self) -> str:
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """The datagram, Content-Length included. Raises ValueError for a line break in a header."""
        lines = [self._start_line()]
        lines += [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        lines.append(f"Content-Length: {len(self.body)}")
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a SIP header must not hold a line break")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("utf-8", "surrogateescape") + self.body


@dataclass
class Request(Message):
    """A SIP request."""

    method: str
    uri: str

    def _start_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"

    def copy(self) -> Request:
        """An independent copy, to be sent once more with other headers."""
        return Request(self.method, self.uri, headers=self.headers.copy(), body=self.body)

    def response(self, status: int, *, to_tag: str | None = None) -> Response:
        """A response with what must be copied from the request (RFC 3261, 8.2.6)."""
        headers = Headers()
        for name in ("Via", "Record-Route"):
            for value in self.headers.get_list(name):
                headers.add(name, value)
        headers.add("From", self.headers["From"])
        tagged = self.to if self.to.tag or not to_tag else self.to.with_tag(to_tag)
        headers.add("To", str(tagged))
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", self.headers["CSeq"])
        return Response(status, reason_phrase(status), headers=headers)


@dataclass
class Response(Message):
    """A SIP response."""

    status: int
    reason: str

    def _start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"


@dataclass(frozen=True)
class Via:
    """One Via value: who sent it and the parameters."""

    sent_by: str
    params: dict[str, str | None]

    @classmethod
    def parse(cls, text: str) -> Via:
        """Read `SIP/2.0/UDP host:port;params`. Raises SipParseError."""
        protocol, _, rest = text.strip().partition(" ")
        address = NameAddr.parse(rest)
        if not protocol.upper().startswith("SIP/2.0/"):
            raise SipParseError(f"not a Via: {text[:80]!r}")
        return cls(address.uri, address.params)

    def with_source(self, source: tuple[str, int]) -> str:
        """The Via as a server sends it back: received and rport filled in (RFC 3581, 4)."""
        params = {**self.params, "received": source[0]}
        if "rport" in params:
            params["rport"] = str(source[1])
        written = "".join(f";{k}" if v is None else f";{k}={v}" for k, v in params.items())
        return f"SIP/2.0/UDP {self.sent_by}{written}"


def parse_message(data: bytes) -> Request | Response:
    """Read one datagram.

    Bytes after Content-Length are dropped (RFC 3261, 18.3). The headers that every message must
    have are read once here, so that the properties cannot fail later.
    Raises SipParseError for everything that is not a whole SIP message.
    """
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise SipParseError("no empty line after the headers")
    start, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    message = _parse_start_line(start)
    message.headers = Headers(_parse_headers(lines))
    message.body = _take_body(body, message.headers.get("Content-Length"))
    if not message.headers.get_list("Via"):
        raise SipParseError("no Via header")
    _ = (message.call_id, message.from_, message.to, message.branch)
    if isinstance(message, Request) and message.cseq_method != message.method:
        raise SipParseError(f"CSeq says {message.cseq_method}, the request {message.method}")
    _ = message.cseq
    return message


def reason_phrase(status: int) -> str:
    """The usual words for a status code."""
    if status in _REASONS:
        return _REASONS[status]
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Unknown"


def parse_cseq(text: str) -> tuple[int, str]:
    """The number and the method of a CSeq header. Raises SipParseError."""
    number, _, method = text.strip().partition(" ")
    # 2**31 is the limit of RFC 3261, 8.1.1.5.
    if not (number.isascii() and number.isdigit() and len(number) < 11 and int(number) < 2**31):
        raise SipParseError(f"not a CSeq: {text[:40]!r}")
    return int(number), method.strip()


def _parse_start_line(line: str) -> Request | Response:
    if "\r" in line or "\n" in line:
        raise SipParseError(f"a lone line break in {line[:80]!r}")
    parts = line.split(" ", 2)
    if len(parts) < 3:
        raise SipParseError(f"not a start line: {line[:80]!r}")
    if parts[0] == "SIP/2.0":
        if not (len(parts[1]) == 3 and parts[1].isascii() and parts[1].isdigit()):
            raise SipParseError(f"not a status: {parts[1][:20]!r}")
        return Response(int(parts[1]), parts[2])
    if parts[2] != "SIP/2.0" or not parts[0].isalpha() or not parts[1]:
        raise SipParseError(f"not a request line: {line[:80]!r}")
    return Request(parts[0], parts[1])


def _parse_headers(lines: list[str]) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for line in lines:
        if "\r" in line or "\n" in line:
            raise SipParseError(f"a lone line break in {line[:80]!r}")
        if line[:1] in (" ", "\t") and fields:  # folded (RFC 3261, 7.3.1)
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not name:
            raise SipParseError(f"not a header: {line[:80]!r}")
        fields.append((_COMPACT.get(name.lower(), name), value.strip()))
    return fields


def _take_body(body: bytes, content_length: str | None) -> bytes:
    if content_length is None:
        return body
    if not (content_length.isascii() and content_length.isdigit() and len(content_length) < 7):
        raise SipParseError(f"not a Content-Length: {content_length[:20]!r}")
    if int(content_length) > len(body):
        raise SipParseError("the body is shorter than Content-Length says")
    return body[: int(content_length)]
