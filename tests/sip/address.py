"""SIP URIs and name-addr values (RFC 3261, sections 19.1 and 20.10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

# What a user part may carry unescaped besides letters and digits (RFC 3261, 25.1).
_USER_UNRESERVED = "-_.!~*'()&=+$,;?/"


class SipParseError(ValueError):
    """What came over the wire is not SIP that this phone understands."""


@dataclass(frozen=True)
class SipUri:
    """A sip: URI in parts; `user` is unescaped, `port` is None when not written."""

    host: str
    user: str | None = None
    port: int | None = None
    params: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Read `sip:user:password@host:port;params?headers`, dropping password and headers.

        Raises SipParseError for anything else, tel: and sips: URIs included.
        """
        scheme, colon, rest = text.strip().partition(":")
        if not colon or scheme.lower() != "sip":
            raise SipParseError(f"not a sip: URI: {text[:80]!r}")
        user_info, at, rest = rest.rpartition("@")
        host_port, *params = rest.partition("?")[0].split(";")
        host, port = _split_host_port(host_port)
        return cls(
            host=host,
            user=unquote(user_info.partition(":")[0]) if at else None,
            port=port,
            params=dict(_parse_param(param) for param in params if param.strip()),
        )

    def __str__(self) -> str:
        user = "" if self.user is None else f"{quote(self.user, safe=_USER_UNRESERVED)}@"
        port = "" if self.port is None else f":{self.port}"
        return f"sip:{user}{self.host}{port}{_join_params(self.params)}"


@dataclass(frozen=True)
class NameAddr:
    """The value of From, To, Contact, Route...: display name, URI text and header parameters."""

    uri: str
    display_name: str = ""
    params: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """Read `"Display" <uri>;params`, `Display <uri>` or a bare `uri;params`.

        Without angle brackets the parameters belong to the header (RFC 3261, 20.10).
        Raises SipParseError when a quote or bracket is left open.
        """
        text = text.strip()
        display = ""
        if text.startswith('"'):
            display, text = _take_quoted(text)
        elif "<" in text:
            display, _, _ = text.partition("<")
            text = text[len(display) :]
        text = text.lstrip()
        if text.startswith("<"):
            uri, closed, rest = text[1:].partition(">")
            if not closed:
                raise SipParseError(f"'<' without '>': {text[:80]!r}")
        else:
            uri, _, rest = text.partition(";")
        if not uri.strip():
            raise SipParseError(f"no URI in {text[:80]!r}")
        params = (_parse_param(param) for param in split_outside(rest, ";") if param)
        return cls(uri.strip(), display.strip(), dict(params))

    @property
    def tag(self) -> str | None:
        """The dialog tag, None when there is none."""
        return self.params.get("tag")

    def with_tag(self, tag: str) -> NameAddr:
        """The same address with this tag."""
        return replace(self, params={**self.params, "tag": tag})

    def __str__(self) -> str:
        escaped = self.display_name.replace("\\", r"\\").replace('"', r"\"")
        display = f'"{escaped}" ' if self.display_name else ""
        return f"{display}<{self.uri}>{_join_params(self.params)}"


def split_outside(text: str, separator: str) -> Iterator[str]:
    """Split at a one-character separator that is neither quoted nor inside angle brackets."""
    start, quoted, bracketed, escaped = 0, False, False, False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "<>":
            bracketed = char == "<"
        elif char == separator and not quoted and not bracketed:
            yield text[start:index].strip()
            start = index + 1
    yield text[start:].strip()


def _parse_port(text: str) -> int:
    """A UDP port number 1-65535, or SipParseError."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise SipParseError(f"not a port: {text[:20]!r}")
    return int(text)


def _split_host_port(text: str) -> tuple[str, int | None]:
    text = text.strip()
    if text.startswith("["):
        address, closed, rest = text.partition("]")
        host, port = address + closed, rest.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    if not host or any(char.isspace() or char in '<>"' for char in host):
        raise SipParseError(f"no host in {text[:80]!r}")
    return host, _parse_port(port) if port else None


def _take_quoted(text: str) -> tuple[str, str]:
    """The unescaped quoted-string that starts the text, and what follows it."""
    taken: list[str] = []
    chars = iter(enumerate(text[1:], start=1))
    for index, char in chars:
        if char == '"':
            return "".join(taken), text[index + 1 :]
        taken.append(next(chars, (index, ""))[1] if char == "\\" else char)
    raise SipParseError(f"quote left open: {text[:80]!r}")


def _parse_param(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"') if equals else None


def _join_params(params: dict[str, str | None]) -> str:
    return "".join(
        f";{name}" if value is None else f";{name}={value}" for name, value in params.items()
    )
