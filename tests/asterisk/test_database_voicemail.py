"""Voicemail in the database: real calls, a real app_voicemail_odbc, real mails, a real lamp."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from tortoise import Tortoise

from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.check import check_asterisk, stored_sample
from pbxbridge.events import MailboxChanged
from pbxbridge.models.outbox import OutgoingMail
from pbxbridge.models.realtime import PsEndpoint
from pbxbridge.nodes.links import NodeLinks
from pbxbridge.services.voicemail.database import DatabaseStore
from pbxbridge.services.voicemail.inbox import VoicemailInbox
from pbxbridge.settings import Settings
from tests.db.mail_rows import until
from tests.eventually import eventually
from tests.rig.command_line import environment, run_pbxbridge
from tests.rig.databases import Databases
from tests.rig.extensions import delete_knowingly
from tests.rig.mail_catcher import CaughtMail
from tests.rig.relaying import relay_for
from tests.rig.system import TESTER, System, running_system
from tests.rig.voicemail_calls import speak_to
from tests.rig.voicemail_menu import VoicemailMenu
from tests.rig.voicemail_rows import count_rows, leave_message, run_sql

PIN = "8642"
# Of a caller whom the table of Asterisk's own making has no room for.
LONG_NAME = "Zoë Müller of the Department of Names that Fill the Whole Display"


@pytest.fixture(scope="module")
async def system(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """All of it, with the voicemail in the database."""
    folder = tmp_path_factory.mktemp("system")
    async with running_system(
        folder, engine="postgres", databases=databases, store="database", verbose=3
    ) as system:
        for number in ("1002", "1003"):
            await system.extension(
                number,
                voicemail=True,
                voicemail_pin=PIN,
                voicemail_email=f"{number}@example.org",
            )
        yield system


@pytest.fixture
def inbox(system: System) -> VoicemailInbox:
    """What the portal does to mailboxes."""
    store = DatabaseStore()
    link = NodeLinks(system.settings.by_node()).to("asterisk")
    return VoicemailInbox(store, MailboxActions(link), relay_for(system.bus, store).settled)


async def stored_recordings(mailbox: str) -> list[bytes]:
    rows = await Tortoise.get_connection("default").execute_query_dict(
        "SELECT recording FROM voicemail_messages WHERE mailboxuser = $1 AND msgnum >= 0 "
        "ORDER BY origtime",
        [mailbox],
    )
    return [row["recording"] for row in rows]


async def places(mailbox: str) -> dict[str, int]:
    rows = await Tortoise.get_connection("default").execute_query_dict(
        "SELECT msg_id, msgnum FROM voicemail_messages WHERE mailboxuser = $1", [mailbox]
    )
    return {row["msg_id"]: row["msgnum"] for row in rows}


async def has_rows(mailbox: str) -> bool:
    return await count_rows(mailbox) > 0


def in_the_spool(settings: Settings) -> Settings:
    voicemail = settings.voicemail.model_copy(update={"store": "spool"})
    return settings.model_copy(update={"voicemail": voicemail})


async def folders(inbox: VoicemailInbox, mailbox: str = "1002") -> dict[str, str]:
    return {each.msg_id: each.folder for each in await inbox.messages(mailbox)}


async def mails_to(system: System, number: str, count: int) -> list[CaughtMail]:
    def caught() -> list[CaughtMail]:
        return [mail for mail in system.catcher.mails if mail.recipient.startswith(number)]

    async def enough() -> bool:
        return len(caught()) >= count

    await until(enough)
    assert len(caught()) == count
    return caught()


async def put_messages(system: System, *msg_ids: str, folder: str = "INBOX") -> None:
    """Leave messages to 1002 as another Asterisk would, oldest first."""
    begin = datetime.now(UTC)
    for place, msg_id in enumerate(msg_ids):
        await leave_message(
            msg_id,
            folder=folder,
            received_at=begin + timedelta(seconds=place),
            spool=str(system.asterisk.voicemail),
        )


async def test_messages_of_real_calls_are_mailed_as_they_are_stored(
    system: System, inbox: VoicemailInbox
) -> None:
    await system.extension("1001", "Zoë")
    async with system.registered("1001", "1003") as (caller, carol):
        await speak_to(system.asterisk, caller, "1002@default&1003@default,s")
        await carol.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (1, 0))
        await PsEndpoint.filter(id="1001").update(set_var=f"CALLERID(name)={LONG_NAME}")
        await speak_to(system.asterisk, caller, "1003@default,sU")
        await carol.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (2, 0))
    (bobs,) = await mails_to(system, "1002", 1)
    carols = await mails_to(system, "1003", 2)
    assert [bobs.recording] == await stored_recordings("1002")
    assert [mail.recording for mail in carols] == await stored_recordings("1003")
    assert "Zoë <1001>" in str(bobs.message["Subject"])
    assert LONG_NAME in str(carols[1].message["Subject"])
    assert [each.folder for each in await inbox.messages("1003")] == ["Urgent", "New"]
    assert len({mail.message_id for mail in (bobs, *carols)}) == 3


async def test_the_lamp_follows_what_is_done_in_the_portal_and_by_another_asterisk(
    system: System, inbox: VoicemailInbox
) -> None:
    await DatabaseStore().forget("default", "1002")
    async with system.registered("1002") as (bob,):
        await put_messages(system, "one", "two", "three")
        await bob.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (3, 0), 20)
        await inbox.delete(TESTER, "1002", "two")
        await bob.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (2, 0))
        await inbox.mark_heard(TESTER, "1002", "one")
        await bob.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (1, 1))
        assert await folders(inbox) == {"three": "New", "one": "Old"}
        # Asterisk has renumbered: both are the first of their folder.
        assert await places("1002") == {"three": 0, "one": 0}
        await inbox.delete(TESTER, "1002", "one")
        await bob.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (1, 0))
    assert await OutgoingMail.filter(mailbox="1002", msg_id="two").count() == 1


async def test_a_message_that_the_database_does_not_take_is_mailed_all_the_same(
    system: System, inbox: VoicemailInbox
) -> None:
    await system.extension("1005", voicemail=True, voicemail_pin=PIN, voicemail_email="1005@pbx.de")
    await system.extension("1006", "Caller")
    await run_sql("ALTER TABLE voicemail_messages ADD CHECK (mailboxuser <> '1005')")
    async with system.registered("1006") as (caller,):
        await speak_to(system.asterisk, caller, "1005@default,s")
    left = system.asterisk.voicemail / "default" / "1005" / "INBOX" / "msg0000.wav"
    await eventually(left.exists)
    system.bus.publish(MailboxChanged("1005", "default"))  # as a sweep would look
    (mail,) = await mails_to(system, "1005", 1)
    assert mail.recording == left.read_bytes()
    assert await inbox.messages("1005") == []


async def test_a_deleted_extension_takes_its_rows_along_its_greeting_too(system: System) -> None:
    await system.extension("1004", voicemail=True, voicemail_pin=PIN)
    async with system.registered("1004") as (phone,):
        menu = VoicemailMenu(phone, system.asterisk)
        await menu.record_greeting(PIN)
    await until(partial(has_rows, "1004"))
    await delete_knowingly(system.extensions, TESTER, "1004")
    await system.told()
    assert await count_rows("1004") == 0


async def test_check_knows_the_store(system: System) -> None:
    code, said = await run_pbxbridge(environment(system), "check")
    assert code == 0, said
    assert "voicemail_messages can be read and written, 2 mailboxes" in said
    assert "voicemail spool" not in said
    results = await check_asterisk(in_the_spool(system.settings), await stored_sample())
    (wrong,) = [each for each in results if not each.ok]
    assert "app_voicemail_odbc is loaded" in wrong.detail
