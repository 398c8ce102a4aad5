"""The bridge mails, Asterisk does not: voicemail in tables that Asterisk's own scripts made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pbxbridge.check_schema import schema_results
from pbxbridge.check_voicemail import VOICEMAIL_MESSAGES, own_mail_result
from pbxbridge.models.realtime import VoicemailBox
from tests.eventually import eventually
from tests.rig.asterisk import AsteriskInstance
from tests.rig.databases import Databases
from tests.rig.system import TESTER, System, running_system
from tests.rig.voicemail_calls import speak_to

ADDRESS = "bob@example.org"


@dataclass
class TellingAsterisk(AsteriskInstance):
    """An Asterisk whose mail command keeps what it is to mail, in files of ``own_mails``."""

    @property
    def own_mails(self) -> Path:
        """The folder of what Asterisk itself mailed."""
        return self.folder / "own-mails"

    def render(self) -> None:
        """Replace the mail command."""
        super().render()
        self.own_mails.mkdir(exist_ok=True)
        script = self.folder / "mail-command"
        script.write_text(f"#!/bin/sh\ncat > {self.own_mails}/$$\n", encoding="utf-8")
        script.chmod(0o755)
        voicemail = self.folder / "etc" / "voicemail.conf"
        text = voicemail.read_text(encoding="utf-8")
        assert text.count("mailcmd = /bin/true\n") == 1
        voicemail.write_text(text.replace("/bin/true", str(script)), encoding="utf-8")

    def mailed(self) -> list[str]:
        """Return what Asterisk itself mailed."""
        return [path.read_text(encoding="latin-1") for path in self.own_mails.iterdir()]


@pytest.fixture(scope="module")
async def system(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """All of it on Asterisk's own tables, which have a column for the address of a box."""
    folder = tmp_path_factory.mktemp("system")
    async with running_system(
        folder, kind=TellingAsterisk, engine="alembic", databases=databases, store="database"
    ) as system:
        yield system


async def test_asterisk_mails_nobody_unless_its_own_table_names_somebody(system: System) -> None:
    asterisk = system.asterisk
    assert isinstance(asterisk, TellingAsterisk)
    await system.extension("1001", "Alice")
    await system.extension(
        "1002", "Bob", voicemail=True, voicemail_pin="8642", voicemail_email=ADDRESS
    )
    assert (await own_mail_result()).ok
    async with system.registered("1001") as (alice,):
        await speak_to(asterisk, alice, "1002@default,s")
        (mail,) = await system.catcher.wait_for(1, within=20)
        assert mail.recipient == ADDRESS

        # The control: with an address in Asterisk's table it does mail, about this message only.
        await VoicemailBox.filter(mailbox="1002").update(email="other@example.org")
        await speak_to(asterisk, alice, "1002@default,s")
        await eventually(lambda: any("other@example.org" in each for each in asterisk.mailed()))
        await system.catcher.wait_for(2, within=20)
    assert len(asterisk.mailed()) == 1

    told = await own_mail_result()
    assert (told.ok, "box 1002:" in told.detail) == (False, True)
    await system.extensions.update(TESTER, "1002", {"caller_id_name": "Robert"})
    assert (await VoicemailBox.get(mailbox="1002")).email == ""
    assert (await own_mail_result()).ok


async def test_check_tells_of_a_table_that_would_lose_messages_of_long_callers(
    system: System,
) -> None:
    (short,) = await schema_results("realtime tables", "realtime", VOICEMAIL_MESSAGES)
    assert short.detail == "`voicemail_messages.callerid` holds 80 characters, 256 are needed."
    assert "ALTER TABLE voicemail_messages ALTER COLUMN callerid TYPE varchar(256)" in short.remedy
