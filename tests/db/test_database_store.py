"""Messages in the table voicemail_messages: read as Asterisk leaves them, and as others may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.mail.wav import is_16_bit_pcm
from pbxbridge.services.voicemail.database import DatabaseStore
from pbxbridge.services.voicemail.removal import remove_mailbox
from pbxbridge.services.voicemail.store import FOLDERS, PIECE_BYTES, MessageMoved
from tests.rig.voicemail_files import wav
from tests.rig.voicemail_rows import count_rows, leave_message, move_message, run_sql

pytestmark = pytest.mark.postgres

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def store(database: str) -> DatabaseStore:
    return DatabaseStore()


async def recording_of(store: DatabaseStore, message: VoicemailMessage) -> list[bytes]:
    return [piece async for piece in store.recording(message)]


async def set_to(column: str, value: str) -> None:
    await run_sql(f"UPDATE voicemail_messages SET {column} = {value}")  # noqa: S608 - as below


async def test_messages_come_from_their_folders_oldest_first(store: DatabaseStore) -> None:
    await leave_message("3-c", received_at=NOW)
    await leave_message("1-a", folder="Urgent", received_at=NOW - timedelta(minutes=2))
    await leave_message("2-b", received_at=NOW - timedelta(minutes=1), callerid='"Zoë" <1001>')
    await leave_message("4-d", folder="Old", received_at=NOW)
    await leave_message("5-e", mailbox="1003")
    await leave_message("6-f", context="other")
    await leave_message("greeting", folder="unavail", number=-1)

    found = await store.messages("default", "1002")
    assert [(each.msg_id, each.folder) for each in found] == [
        ("1-a", "Urgent"),
        ("2-b", "INBOX"),
        ("3-c", "INBOX"),
    ]
    assert found[1] == VoicemailMessage(
        msg_id="2-b",
        mailbox="1002",
        context="default",
        folder="INBOX",
        caller_name="Zoë",
        caller_number="1001",
        received_at=NOW - timedelta(minutes=1),
        duration=12,
        playable=True,
    )
    assert len(await store.messages("default", "1002", FOLDERS)) == 4
    assert await store.counts("default", "1002") == (3, 1)
    assert await store.mailboxes("default") == {"1002", "1003"}


async def test_a_recording_comes_in_pieces_and_whole(store: DatabaseStore) -> None:
    whole = wav(40)
    await leave_message("1-a", recording=whole)
    (message,) = await store.messages("default", "1002")
    pieces = await recording_of(store, message)
    assert b"".join(pieces) == whole
    assert [len(piece) for piece in pieces] == [PIECE_BYTES, PIECE_BYTES, len(whole) % PIECE_BYTES]


async def test_a_message_that_went_to_another_folder_is_read_there(store: DatabaseStore) -> None:
    await leave_message("1-a")
    await leave_message("2-b")
    first, second = await store.messages("default", "1002")
    await move_message("1-a", folder="Old")
    assert b"".join(await recording_of(store, first)) == wav()
    await run_sql("DELETE FROM voicemail_messages WHERE msg_id = '2-b'")
    with pytest.raises(MessageMoved):
        await recording_of(store, second)


async def test_a_message_that_is_deleted_amid_the_reading_is_an_error(
    store: DatabaseStore,
) -> None:
    await leave_message("1-a", recording=wav(40))
    (message,) = await store.messages("default", "1002")
    pieces = store.recording(message)
    await anext(pieces)
    await run_sql("DELETE FROM voicemail_messages")
    with pytest.raises(OSError, match="deleted"):
        await anext(pieces)


async def test_a_copy_that_is_being_moved_is_one_message(store: DatabaseStore) -> None:
    await leave_message("1-a")
    await leave_message("1-a", folder="Urgent")
    assert len(await store.messages("default", "1002")) == 1


@pytest.mark.parametrize("column", ["callerid", "origtime", "duration", "context", "flag"])
async def test_a_column_without_a_value_costs_no_message(store: DatabaseStore, column: str) -> None:
    await leave_message("1-a")
    await set_to(column, "NULL")
    (message,) = await store.messages("default", "1002")
    assert message.received_at >= NOW
    assert b"".join(await recording_of(store, message)) == wav()


@pytest.mark.parametrize("audio", ["NULL", "''", "'ODBC'"])
async def test_a_message_without_a_recording_is_found_and_cannot_be_read(
    store: DatabaseStore, audio: str
) -> None:
    await leave_message("1-a")
    await set_to("recording", audio)
    (message,) = await store.messages("default", "1002")
    assert not message.playable
    with pytest.raises(OSError, match="no recording"):
        await recording_of(store, message)


@pytest.mark.parametrize("msg_id", ["NULL", "''", "E'\\n'"])
async def test_a_row_without_an_id_is_no_message(store: DatabaseStore, msg_id: str) -> None:
    await leave_message("1-a")
    await set_to("msg_id", msg_id)
    assert await store.messages("default", "1002") == ()


async def test_a_deleted_extension_takes_its_messages_and_greetings_along(
    store: DatabaseStore,
) -> None:
    await leave_message("1-a")
    await leave_message("2-b", folder="Friends")
    await leave_message("greeting", folder="unavail", number=-1)
    await leave_message("3-c", mailbox="1003")
    for _ in range(2):
        await remove_mailbox(store, "1002@default")
        assert (await count_rows("1002"), await count_rows("1003")) == (0, 1)


@pytest.mark.parametrize("name", ["..", "a/b", "", "1002' OR true --"])
async def test_a_name_that_cannot_be_a_mailbox_s_is_refused(
    store: DatabaseStore, name: str
) -> None:
    with pytest.raises(ValueError, match="mailbox"):
        await store.messages("default", name)
    with pytest.raises(ValueError, match="mailbox"):
        await store.forget("default", name)


def test_only_16_bit_pcm_plays_in_browsers() -> None:
    assert is_16_bit_pcm(wav()[:36])
    gsm = b"RIFF\0\0\0\0WAVEfmt \x14\0\0\0\x31\0\x01\0"
    assert not any(is_16_bit_pcm(each) for each in (b"", wav()[:30], gsm + bytes(20)))
