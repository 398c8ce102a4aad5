"""Messages that the database did not take are mailed from what is left in the spool folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbxbridge.events import EventBus
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.voicemail.database import DatabaseStore
from pbxbridge.services.voicemail.not_stored import WithNotStored
from pbxbridge.services.voicemail.spool import VoicemailSpool
from tests.rig import voicemail_files, voicemail_rows
from tests.rig.relaying import relay_for

pytestmark = pytest.mark.postgres


@pytest.fixture
async def _box(extensions: Extensions, admin: Actor) -> None:
    await extensions.create(
        admin,
        ExtensionInput(
            number="1002",
            caller_id_name="Bob",
            voicemail=True,
            voicemail_pin="8642",
            voicemail_email="bob@example.org",
        ),
    )


@pytest.fixture
def store(database: str, tmp_path: Path) -> WithNotStored:
    return WithNotStored(DatabaseStore(), VoicemailSpool(tmp_path))


@pytest.mark.usefixtures("_box")
async def test_each_message_is_mailed_once_wherever_it_is(
    store: WithNotStored, bus: EventBus, tmp_path: Path
) -> None:
    await voicemail_rows.leave_message("1-stored")
    voicemail_files.leave_message(tmp_path, "2-left", callerid='"' + "L" * 99 + '" <1001>')
    voicemail_files.leave_message(tmp_path, "3-both")
    await voicemail_rows.leave_message("3-both")
    relay = relay_for(bus, store)
    for _ in range(2):
        await relay.sweep()
    rows = await OutgoingMail.all().order_by("msg_id").values_list("msg_id", "state")
    assert rows == [(name, MailState.WAITING) for name in ("1-stored", "2-left", "3-both")]
    assert await store.counts("default", "1002") == (2, 0)


async def test_a_folder_that_cannot_be_read_costs_no_stored_message(
    store: WithNotStored, tmp_path: Path
) -> None:
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "1002").symlink_to("1002")  # a loop: OSError, to root as well
    await voicemail_rows.leave_message("1-stored")
    assert await store.mailboxes("default") == {"1002"}
    assert len(await store.messages("default", "1002")) == 1
    (tmp_path / "default" / "1002").unlink()
    (tmp_path / "default").rmdir()
    (tmp_path / "default").symlink_to("default")
    assert await store.mailboxes("default") == {"1002"}


async def test_a_deleted_extension_takes_both_along(store: WithNotStored, tmp_path: Path) -> None:
    await voicemail_rows.leave_message("1-stored")
    left = voicemail_files.leave_message(tmp_path, "2-left")
    await store.forget("default", "1002")
    assert (await voicemail_rows.count_rows("1002"), left.exists()) == (0, False)
