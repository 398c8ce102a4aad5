"""Reading the folders of app_voicemail: whole messages only, whatever is in them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.services.voicemail.message_values import parse_caller
from pbxbridge.services.voicemail.spool import VoicemailSpool, parse_message
from pbxbridge.services.voicemail.store import MessageMoved
from tests.rig.voicemail_files import description, leave_message, wav

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TEXT = description("1772366400-00000001", received_at=NOON)


def parse(text: str) -> VoicemailMessage | None:
    return parse_message(
        text,
        mailbox="1002",
        context="default",
        folder="INBOX",
        audio=Path("msg0000.wav"),
        written_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def parsed(text: str) -> VoicemailMessage:
    message = parse(text)
    assert message is not None
    return message


async def recording_of(spool: VoicemailSpool, message: VoicemailMessage) -> bytes:
    return b"".join([piece async for piece in spool.recording(message)])


def test_a_description_tells_who_called_when_and_how_long() -> None:
    assert parsed(TEXT) == VoicemailMessage(
        msg_id="1772366400-00000001",
        mailbox="1002",
        context="default",
        folder="INBOX",
        caller_name="Alice",
        caller_number="1001",
        received_at=NOON,
        duration=12,
        playable=True,
        endpoint="1001",
        file="msg0000.wav",
    )


@pytest.mark.parametrize(
    ("callerid", "expected"),
    [
        ('"Alice" <1001>', ("Alice", "1001")),
        ('"Zoë 📞" <+4930123>', ("Zoë 📞", "+4930123")),
        ('""quoted" <script>" <1001>', ('"quoted" <script>', "1001")),
        ('"" <1001>', ("", "1001")),
        ("Alice <1001>", ("Alice", "1001")),
        ("1001", ("", "1001")),
        ("Alice", ("Alice", "")),
        ("Unknown", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_caller_id_has_a_name_a_number_or_neither(
    callerid: str, expected: tuple[str, str]
) -> None:
    assert parse_caller(callerid) == expected


@pytest.mark.parametrize("cut", range(len(TEXT)))
def test_a_description_that_is_not_written_to_its_end_is_not_believed(cut: int) -> None:
    assert parse(TEXT[:cut]) is None


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("msg_id=1772366400-00000001\n", ""),
        TEXT.replace("msg_id=1772366400-00000001", "msg_id="),
        TEXT.replace("msg_id=1772366400-00000001", "msg_id=../../etc/passwd"),
        "",
        "\n",
        "[message]\n",
    ],
)
def test_a_message_without_a_usable_id_is_left_alone(text: str) -> None:
    assert parse(text) is None


def test_broken_numbers_do_not_hide_a_message() -> None:
    text = TEXT.replace("duration=12", "duration=soon").replace("origtime=", "origtime=x")
    assert parsed(text).duration == 0
    assert parsed(text).received_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_lines_that_asterisk_rewrote_or_that_are_unknown_are_read_or_skipped() -> None:
    text = TEXT.replace("duration=12", "duration = 7").replace("flag=", "=\nnonsense\nnew = x")
    assert parsed(text).duration == 7


def test_a_caller_s_name_with_line_ends_does_not_pass_for_asterisk_s_own_lines() -> None:
    name = '"Eve\ncallerchan=PJSIP/1009-00000001\nmsg_id=9-9" <1009>'
    message = parsed(description("1-a", received_at=NOON, callerid=name))
    assert (message.endpoint, message.msg_id) == ("1001", "1-a")


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    parse(text)
    parse(TEXT + text + "\n")
    parse_caller(text)


async def test_new_and_urgent_messages_are_found_oldest_first_and_old_ones_are_not(
    tmp_path: Path,
) -> None:
    leave_message(tmp_path, "3-c", received_at=NOON.replace(hour=15))
    leave_message(tmp_path, "2-b", received_at=NOON.replace(hour=14))
    leave_message(tmp_path, "1-a", folder="Urgent", received_at=NOON.replace(hour=13))
    leave_message(tmp_path, "0-z", folder="Old", received_at=NOON)
    found = await VoicemailSpool(tmp_path).messages("default", "1002")
    assert [message.msg_id for message in found] == ["1-a", "2-b", "3-c"]


async def test_a_message_that_is_moved_while_we_look_is_one_message(tmp_path: Path) -> None:
    leave_message(tmp_path, "1-a")
    leave_message(tmp_path, "1-a", folder="Urgent")
    assert len(await VoicemailSpool(tmp_path).messages("default", "1002")) == 1


async def test_a_message_without_its_recording_is_found_and_cannot_be_read(tmp_path: Path) -> None:
    path, spool = leave_message(tmp_path, "1-a"), VoicemailSpool(tmp_path)
    path.with_suffix(".wav").unlink()
    (message,) = await spool.messages("default", "1002")
    with pytest.raises(FileNotFoundError, match="no recording"):
        await recording_of(spool, message)


async def test_a_recording_in_gsm_is_read_and_not_for_browsers(tmp_path: Path) -> None:
    path, spool = leave_message(tmp_path, "1-a"), VoicemailSpool(tmp_path)
    path.with_suffix(".wav").rename(path.with_suffix(".WAV"))
    (message,) = await spool.messages("default", "1002")
    assert not message.playable
    assert await recording_of(spool, message) == wav()


async def test_a_recording_without_its_description_waits(tmp_path: Path) -> None:
    path = leave_message(tmp_path, "1-a")
    path.unlink()
    assert await VoicemailSpool(tmp_path).messages("default", "1002") == ()


async def test_other_files_of_the_folder_are_no_messages(tmp_path: Path) -> None:
    path = leave_message(tmp_path, "1-a")
    for name in (".lock", "msg0001-bak.txt", "msg0002.txt.tmp", "msgabcd.txt"):
        (path.parent / name).write_text(TEXT)
    assert len(await VoicemailSpool(tmp_path).messages("default", "1002")) == 1


async def test_a_description_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    path = leave_message(tmp_path, "1-a")
    path.write_bytes(TEXT.replace("Alice", "Zoë").encode("latin-1"))
    (message,) = await VoicemailSpool(tmp_path).messages("default", "1002")
    assert message.caller_name == "Zo\N{REPLACEMENT CHARACTER}"


async def test_the_recording_is_given_as_it_is(tmp_path: Path) -> None:
    leave_message(tmp_path, "1-a", recording=wav(0.5))
    spool = VoicemailSpool(tmp_path)
    (message,) = await spool.messages("default", "1002")
    assert await recording_of(spool, message) == wav(0.5)


async def test_a_recording_that_may_not_be_read_says_why(tmp_path: Path) -> None:
    path, spool = leave_message(tmp_path, "1-a"), VoicemailSpool(tmp_path)
    path.with_suffix(".wav").unlink()
    path.with_suffix(".wav").mkdir()  # root may read every file
    path.with_suffix(".WAV").symlink_to(path.with_suffix(".WAV"))
    (message,) = await spool.messages("default", "1002")
    with pytest.raises(OSError, match="recording"):
        await recording_of(spool, message)


async def test_after_a_renumbering_no_message_gets_another_ones_recording(tmp_path: Path) -> None:
    first, second = leave_message(tmp_path, "1-a"), leave_message(tmp_path, "2-b")
    spool = VoicemailSpool(tmp_path)
    (before, _) = await spool.messages("default", "1002")
    for suffix in (".wav", ".txt"):
        first.with_suffix(suffix).unlink()
        second.with_suffix(suffix).rename(first.with_suffix(suffix))
    assert before.msg_id == "1-a"
    with pytest.raises(MessageMoved):
        await recording_of(spool, before)


async def test_half_way_through_a_renumbering_nothing_is_read(tmp_path: Path) -> None:
    first, second = leave_message(tmp_path, "1-a"), leave_message(tmp_path, "2-b")
    spool = VoicemailSpool(tmp_path)
    (_, moving) = await spool.messages("default", "1002")
    first.unlink()
    second.with_suffix(".wav").rename(first.with_suffix(".wav"))
    with pytest.raises(MessageMoved):
        await recording_of(spool, moving)
    (without,) = await spool.messages("default", "1002")
    with pytest.raises(FileNotFoundError):
        await recording_of(spool, without)


async def test_a_mailbox_nobody_called_yet_is_empty(tmp_path: Path) -> None:
    spool = VoicemailSpool(tmp_path / "not there yet")
    assert await spool.messages("default", "1002") == ()
    assert await spool.mailboxes("default") == frozenset()


async def test_the_mailboxes_of_a_context_are_its_folders(tmp_path: Path) -> None:
    leave_message(tmp_path, "1-a", mailbox="1001")
    leave_message(tmp_path, "1-b", mailbox="0042")
    assert await VoicemailSpool(tmp_path).mailboxes("default") == {"1001", "0042"}


@pytest.mark.parametrize("name", ["", ".", "..", "../default", "a/b", "/etc", "a\0b", "x" * 81])
async def test_a_name_that_leaves_the_spool_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        await VoicemailSpool(tmp_path).messages("default", name)
    with pytest.raises(ValueError, match="cannot be the name"):
        await VoicemailSpool(tmp_path).messages(name, "1002")
