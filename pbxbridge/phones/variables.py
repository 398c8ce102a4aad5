"""What a template of a phone's configuration file may use (docs/phone-makes.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """One extension on the phone.

    ``number`` is its place on the phone, from 1. ``auth_user`` is what its digests are made with,
    together with ``secret``. ``voicemail`` is the number that listens to its mailbox, empty for one
    without.
    """

    number: int
    extension: str
    auth_user: str
    secret: str = field(repr=False)
    display_name: str = ""
    label: str = ""
    voicemail: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the phone registers; ``transport`` is ``udp``, ``tcp`` or ``tls``."""

    host: str
    port: int
    transport: str

    @property
    def address(self) -> str:
        """Host and port, with an IPv6 address in brackets (RFC 3986, 3.2.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_usual_port(self) -> bool:
        """Whether the port goes without saying (RFC 3261, 19.1.2)."""
        return self.port == usual_port(self.transport)


def usual_port(transport: str) -> int:
    """Return the port of SIP over a transport."""
    return 5061 if transport == "tls" else 5060


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone and its lines, in their order; ``most_lines`` is how many its make knows of.

    ``mac`` is 12 hexadecimal digits in small letters. ``url`` is where the phone has the file from,
    without the file's name, such as ``https://pbx.example.com/provision/<token>``; empty if that is
    no address of its own.
    """

    mac: str
    make: str
    model: str
    lines: tuple[Line, ...]
    most_lines: int
    server: Server
    url: str = field(default="", repr=False)

    @property
    def unused(self) -> tuple[int, ...]:
        """The places on the phone that no extension has."""
        used = {line.number for line in self.lines}
        return tuple(number for number in range(1, self.most_lines + 1) if number not in used)

    @property
    def address(self) -> str:
        """The URL without its scheme."""
        return self.url.partition("://")[2]

    @property
    def scheme(self) -> str:
        """``https`` or ``http``, empty without a URL."""
        return self.url.partition("://")[0]


def in_one_line(text: str) -> str:
    """Return a text that no format of ours takes apart: visible characters, with blanks between."""
    return "".join(each if each.isprintable() else " " for each in text).strip()


def sample_phones(make: str, most_lines: int) -> Iterable[Phone]:
    """Return phones that a template is tried with."""
    first = Line(1, "1001", "1001", "se:cret+1/2=3", "Ada & Söhne", "1001", "*97")
    second = Line(2, "1002", "desk.two", "se#cret%4", "O'Neil 50%", "1002")
    server = Server("pbx.example.com", 5060, "udp")
    alone = Phone("0004f2a1b2c3", make, "", (first,), most_lines, server)
    yield alone
    yield Phone(
        "0004f2a1b2c3",
        make,
        "T1",
        (first, second)[:most_lines],
        most_lines,
        Server("192.0.2.7", 5061, "tls"),
        "https://pbx.example.com/provision/token",
    )
