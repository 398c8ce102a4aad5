"""The bytes of a mail that is sent piece by piece."""

import base64

import pytest

from pbxbridge.mail.mail_content import LINE_BYTES, base64_length, base64_lines
from pbxbridge.mail.streamed_data import wire_lines


@pytest.mark.parametrize("size", [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 1000, 57 * 40])
def test_a_recording_is_encoded_as_mime_wants_it(size: int) -> None:
    content = bytes(number % 256 for number in range(size))
    lines = base64_lines(content)
    assert base64.b64decode(lines) == content
    assert lines == base64.encodebytes(content).replace(b"\n", b"\r\n")
    assert len(lines) == base64_length(size)


def test_pieces_of_whole_lines_are_encoded_by_themselves() -> None:
    content = bytes(range(256)) * 3
    border = 5 * LINE_BYTES
    pieces = base64_lines(content[:border]) + base64_lines(content[border:])
    assert pieces == base64_lines(content)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (b"", b""),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b".\r\n..\r\na.b\r\n", b"..\r\n...\r\na.b\r\n"),
        (b"a\n.\nb\r.\rc", b"a\r\n..\r\nb\r\n..\r\nc\r\n"),
    ],
)
def test_no_line_ends_the_mail_before_its_end(text: bytes, sent: bytes) -> None:
    assert wire_lines(text) == sent
