"""A deleted extension's messages go; those of a new one of the same number do not."""

from pathlib import Path

import pytest

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.voicemail.removal import remove_mailbox
from pbxbridge.services.voicemail.spool import VoicemailSpool


@pytest.fixture
def message(tmp_path: Path) -> Path:
    inbox = tmp_path / "default" / "1002" / "INBOX"
    inbox.mkdir(parents=True)
    message = inbox / "msg0000.txt"
    message.touch()
    return message


@pytest.fixture
def spool(tmp_path: Path) -> VoicemailSpool:
    return VoicemailSpool(tmp_path)


async def test_the_messages_of_a_deleted_extension_are_deleted(
    database: str, spool: VoicemailSpool, message: Path
) -> None:
    await remove_mailbox(spool, "1002@default")
    assert not message.exists()
    await remove_mailbox(spool, "1002@default")


async def test_the_messages_of_a_new_extension_of_that_number_stay(
    extensions: Extensions, admin: Actor, spool: VoicemailSpool, message: Path
) -> None:
    wanted = ExtensionInput(
        number="1002", caller_id_name="Successor", voicemail=True, voicemail_pin="8642"
    )
    await extensions.create(admin, wanted)
    await remove_mailbox(spool, "1002@default")
    assert message.exists()


async def test_files_that_cannot_be_deleted_are_a_reason_to_try_again(
    database: str, tmp_path: Path
) -> None:
    (tmp_path / "default").touch()
    with pytest.raises(AsteriskUnavailable, match="1002@default stay"):
        await remove_mailbox(VoicemailSpool(tmp_path), "1002@default")


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", "."])
async def test_a_name_that_leaves_the_spool_is_refused(
    database: str, spool: VoicemailSpool, name: str
) -> None:
    with pytest.raises(ValueError, match="mailbox"):
        await remove_mailbox(spool, f"{name}@default")
