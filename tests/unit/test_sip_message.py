"""SIP messages and addresses: what is read, what is written, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sip.address import NameAddr, SipParseError, SipUri, split_outside
from tests.sip.message import Headers, Request, Response, parse_message

INVITE = (
    b"INVITE sip:1002@127.0.0.1:5062 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKabc;rport, SIP/2.0/UDP 10.0.0.9\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.8;branch=z9hG4bKold\r\n"
    b'f: "Doe, \\"Jo\\" <x>" <sip:1001@pbx.local>;tag=a1\r\n'
    b"t: <sip:1002@127.0.0.1>\r\n"
    b"i: call-1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"m: <sip:1001@127.0.0.1:5060>\r\n"
    b"Subject: first\r\n second\r\n"
    b"l: 4\r\n"
    b"\r\n"
    b"bodyrest"
)


def test_a_request_with_compact_folded_and_repeated_headers_is_read() -> None:
    message = parse_message(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("INVITE", "sip:1002@127.0.0.1:5062")
    assert message.from_.display_name == 'Doe, "Jo" <x>'
    assert (message.from_.uri, message.from_.tag) == ("sip:1001@pbx.local", "a1")
    assert (message.call_id, message.cseq, message.branch) == ("call-1", 7, "z9hG4bKabc")
    assert len(message.headers.get_list("Via")) == 3
    assert message.headers["subject"] == "first second"
    assert message.body == b"body"  # what follows Content-Length is no part of the message


def test_what_is_written_is_read_back_the_same() -> None:
    message = parse_message(INVITE)
    again = parse_message(message.to_bytes())
    assert list(again.headers.get_list("Via")) == message.headers.get_list("Via")
    assert (again.from_, again.to, again.body) == (message.from_, message.to, message.body)


def test_a_response_carries_what_identifies_its_request() -> None:
    request = parse_message(INVITE)
    assert isinstance(request, Request)
    response = parse_message(request.response(486, to_tag="b2").to_bytes())
    assert isinstance(response, Response)
    assert (response.status, response.reason) == (486, "Busy Here")
    assert response.headers.get_list("Via") == request.headers.get_list("Via")
    assert (response.to.tag, response.from_.tag) == ("b2", "a1")
    assert (response.cseq, response.cseq_method) == (7, "INVITE")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"SIP/2.0\r\nv:", b"SIP/3.0\r\nv:"),
        (b"i: call-1\r\n", b""),
        (b"t: <sip:1002@127.0.0.1>\r\n", b""),
        (b"CSeq: 7 INVITE", b"CSeq: seven INVITE"),
        (b"CSeq: 7 INVITE", b"CSeq: 7 BYE"),
        (b"CSeq: 7 INVITE", b"CSeq: 99999999999 INVITE"),
        (b"l: 4", b"l: 400"),
        (b"l: 4", b"l: -4"),
        (b"Subject: first", b"Subject first"),
        (b"Subject: first", b"Subject: a\nInjected: b"),
        (b'<x>" <sip:1001', b"<x> <sip:1001"),
        (b"\r\n\r\n", b"\r\n"),
    ],
)
def test_a_broken_message_is_refused(before: bytes, after: bytes) -> None:
    broken = INVITE.replace(before, after)
    assert broken != INVITE
    with pytest.raises(SipParseError):
        parse_message(broken)


@given(st.binary(max_size=300), st.integers(0, len(INVITE)), st.integers(0, len(INVITE)))
def test_any_bytes_are_read_or_refused_as_no_sip(noise: bytes, start: int, end: int) -> None:
    for data in (noise, INVITE[:start] + noise + INVITE[end:]):
        try:
            message = parse_message(data)
        except SipParseError:
            continue
        message.to_bytes()


def test_a_line_break_is_never_written_into_a_header() -> None:
    request = Request("OPTIONS", "sip:a@b", headers=Headers([("Subject", "x\r\nInjected: y")]))
    with pytest.raises(ValueError, match="line break"):
        request.to_bytes()


@pytest.mark.parametrize(
    ("text", "display", "uri", "tag"),
    [
        ("<sip:a@b>", "", "sip:a@b", None),
        ("sip:a@b;tag=1", "", "sip:a@b", "1"),
        ("<sip:a@b;transport=udp>;tag=1", "", "sip:a@b;transport=udp", "1"),
        ("Jo Doe <sip:a@b>;TAG=1", "Jo Doe", "sip:a@b", "1"),
        ('"J\\\\o" <sip:a@b>', "J\\o", "sip:a@b", None),
        ('"Zoë" <sip:a@b>', "Zoë", "sip:a@b", None),
    ],
)
def test_a_name_addr_is_read(text: str, display: str, uri: str, tag: str | None) -> None:
    parsed = NameAddr.parse(text)
    assert (parsed.display_name, parsed.uri, parsed.tag) == (display, uri, tag)
    assert NameAddr.parse(str(parsed)) == parsed


@pytest.mark.parametrize("text", ["", "<sip:a@b", '"Jo <sip:a@b>', "<>"])
def test_a_broken_name_addr_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        NameAddr.parse(text)


def test_a_uri_is_read_and_written() -> None:
    uri = SipUri.parse("sip:10%2302:pw@[::1]:5070;transport=udp;lr?x=y")
    assert (uri.user, uri.host, uri.port) == ("10#02", "[::1]", 5070)
    assert uri.params == {"transport": "udp", "lr": None}
    assert str(uri) == "sip:10%2302@[::1]:5070;transport=udp;lr"
    assert str(SipUri("h", "*97")) == "sip:*97@h"


@pytest.mark.parametrize("text", ["tel:123", "sip:", "sip:a@b:0", "sip:a@b:99999", "sip:a@b c"])
def test_a_broken_uri_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        SipUri.parse(text)


def test_separators_inside_quotes_and_brackets_do_not_split() -> None:
    text = '"a,\\"b" <sip:x,y>, "c" <sip:z>'
    assert list(split_outside(text, ",")) == ['"a,\\"b" <sip:x,y>', '"c" <sip:z>']
