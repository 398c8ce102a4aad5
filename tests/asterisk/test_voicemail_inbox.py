"""Deleting and marking voicemail from the portal, done by the real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.errors import AsteriskUnavailable, Conflict
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.models.outbox import OutgoingMail
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.voicemail.inbox import VoicemailInbox
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.settings import AsteriskSettings
from tests.db.mail_rows import running, until
from tests.eventually import eventually
from tests.rig.asterisk import AsteriskInstance
from tests.rig.relaying import relay_for
from tests.rig.voicemail_files import leave_message
from tests.rig.voicemail_menu import VoicemailMenu
from tests.sip import Phone

BOX, PIN = "1002", "8642"
FULL = 100  # voicemail.conf, maxmsg


@dataclass
class Pbx:
    """A real Asterisk with the box 1002, whose messages are mailed, and a phone of its owner."""

    asterisk: AsteriskInstance
    inbox: VoicemailInbox
    actions: MailboxActions
    phone: Phone

    def leave(self, *msg_ids: str, folder: str = "INBOX") -> None:
        """Put messages into the box behind Asterisk's back, oldest first."""
        now = datetime.now(UTC)
        for place, msg_id in enumerate(msg_ids):
            leave_message(
                self.asterisk.voicemail,
                msg_id,
                folder=folder,
                received_at=now + timedelta(seconds=place),
            )

    def files(self, folder: str) -> list[str]:
        """Return the names of a folder's recordings."""
        box = self.asterisk.voicemail / "default" / BOX / folder
        return sorted(path.name for path in box.glob("*.wav"))

    async def listed(self) -> list[tuple[str, str]]:
        """Return what the portal lists: msg_id and folder, newest first."""
        return [(one.msg_id, one.folder) for one in await self.inbox.messages(BOX)]

    async def nobody_listens(self) -> bool:
        """Whether no phone is in the box's menu."""
        return not await self.actions.is_open(BOX, "default")


@pytest.fixture
async def pbx(
    database: Path, bus: EventBus, extensions: Extensions, admin: Actor, tmp_path: Path
) -> AsyncIterator[Pbx]:
    box = ExtensionInput(
        number=BOX,
        caller_id_name="Bob",
        voicemail=True,
        voicemail_pin=PIN,
        voicemail_email="bob@example.org",
    )
    _, secret = await extensions.create(admin, box)
    async with AsyncExitStack() as stack:
        asterisk = await stack.enter_async_context(
            AsteriskInstance(tmp_path / "asterisk", database, verbose=3)
        )
        mirror = Mirror("asterisk", Board(bus, ["asterisk"]))
        settings = AsteriskSettings(
            ami_port=asterisk.ports.ami,
            ami_user=asterisk.ami_user,
            ami_secret=SecretStr(asterisk.ami_secret),
        )
        link = AmiLink(settings, mirror, {})
        await stack.enter_async_context(running(link))
        await eventually(lambda: mirror.link.up, 20)
        phone = await stack.enter_async_context(
            Phone(BOX, secret, asterisk.bind, asterisk.ports.sip)
        )
        assert await phone.register() == 200
        spool = VoicemailSpool(asterisk.voicemail)
        relay = relay_for(bus, spool)
        actions = MailboxActions(link)
        yield Pbx(asterisk, VoicemailInbox(spool, actions, relay.settled), actions, phone)


async def test_a_deleted_message_is_gone_the_lamp_follows_and_the_mail_is_stored(
    pbx: Pbx, admin: Actor
) -> None:
    pbx.leave("one", "two", "three")
    await pbx.inbox.delete(admin, BOX, "two")
    assert await pbx.listed() == [("three", "New"), ("one", "New")]
    assert pbx.files("INBOX") == ["msg0000.wav", "msg0001.wav"], "Asterisk renumbers"
    await pbx.phone.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (2, 0))
    assert await OutgoingMail.filter(msg_id="two").count() == 1


async def test_a_message_marked_as_heard_is_old_on_the_phone_too(pbx: Pbx, admin: Actor) -> None:
    pbx.leave("one", "two")
    pbx.leave("urgent", folder="Urgent")
    await pbx.inbox.mark_heard(admin, BOX, "one")
    await pbx.inbox.mark_heard(admin, BOX, "urgent")
    assert dict(await pbx.listed()) == {"one": "Old", "two": "New", "urgent": "Old"}
    await pbx.phone.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (1, 2))
    await pbx.inbox.delete(admin, BOX, "urgent")
    assert dict(await pbx.listed()) == {"one": "Old", "two": "New"}


async def test_asterisk_says_success_and_means_no(pbx: Pbx) -> None:
    pbx.leave("one")
    assert not await pbx.actions.remove(BOX, "default", "INBOX", "other")
    assert not await pbx.actions.remove(BOX, "default", "Old", "one")
    assert not await pbx.actions.remove("1999", "default", "INBOX", "one")
    assert not await pbx.actions.move(BOX, "default", "INBOX", "other", to="Old")
    assert await pbx.listed() == [("one", "New")]


async def test_a_full_folder_of_old_messages_takes_no_more(pbx: Pbx, admin: Actor) -> None:
    pbx.leave(*(f"old-{place}" for place in range(FULL)), folder="Old")
    pbx.leave("one")
    with pytest.raises(Conflict, match="full"):
        await pbx.inbox.mark_heard(admin, BOX, "one")
    await pbx.inbox.delete(admin, BOX, "old-7")
    await pbx.inbox.mark_heard(admin, BOX, "one")
    assert len(pbx.files("Old")) == FULL


async def test_nothing_moves_under_somebody_who_listens_by_phone(pbx: Pbx, admin: Actor) -> None:
    pbx.leave("one", "two")
    async with VoicemailMenu(pbx.phone, pbx.asterisk).opened(PIN):
        assert await pbx.actions.is_open(BOX, "default")
        assert not await pbx.actions.is_open("1003", "default")
        with pytest.raises(Conflict, match="by phone"):
            await pbx.inbox.delete(admin, BOX, "one")
    assert len(await pbx.listed()) == 2
    await until(pbx.nobody_listens, 10)
    await pbx.inbox.delete(admin, BOX, "one")
    assert await pbx.listed() == [("two", "New")]


async def test_without_asterisk_the_messages_are_listed_and_stay(pbx: Pbx, admin: Actor) -> None:
    pbx.leave("one")
    await pbx.asterisk.kill()
    with pytest.raises(AsteriskUnavailable):
        await pbx.inbox.delete(admin, BOX, "one")
    assert await pbx.listed() == [("one", "New")]
