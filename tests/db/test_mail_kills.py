"""The relay and the outbox are killed at random moments: no message is lost, hardly one repeated.

``make soak`` kills them 200 times in a run of 500 messages.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest

from pbxbridge.models.extension import AfterSending
from pbxbridge.models.outbox import MailState, OutgoingMail, RecordingPart
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.mailing import recordings
from pbxbridge.services.mailing.outbox import CONCURRENCY
from tests.db.mail_rows import until
from tests.eventually import eventually
from tests.rig.campaign import times
from tests.rig.mail_catcher import CaughtMail, MailCatcher
from tests.rig.mail_pipeline import pipeline
from tests.rig.voicemail_files import leave_message, wav

KILLS, MESSAGES = times(200, 5), times(500, 30)
BOXES = ("1002", "1003", "1004")
MOST_BETWEEN = 2 * MESSAGES // KILLS
# What a kill can make the outbox forget: mails that are being sent, and as many that were.
UNDER_WAY = 2 * CONCURRENCY
LATEST_KILL = 0.05


@pytest.mark.campaign
async def test_killed_at_any_moment_every_message_arrives(
    extensions: Extensions,
    admin: Actor,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A message may arrive again only if it was between the server's 250 and the commit."""
    chance = random.Random(2)  # noqa: S311 (a test that fails must fail again)
    for mailbox in BOXES:
        await extensions.create(admin, mailed(mailbox))
    left = {}
    for number in range(MESSAGES):
        mailbox, msg_id = BOXES[number % 3], f"1-{number:03}"
        recording = wav(0.05 + number / 1000)
        leave_message(tmp_path, msg_id, mailbox=mailbox, recording=recording)
        left[f"<voicemail.{msg_id}.{mailbox}@localhost>"] = recording
    async with MailCatcher().listening() as catcher:
        command = (database, tmp_path, catcher.host, catcher.port)
        forgotten = 0
        for _ in range(KILLS):
            begun = catcher.deliveries + chance.randrange(1, MOST_BETWEEN)
            async with pipeline(*command):
                await catcher.wait_for_deliveries(min(begun, MESSAGES))
                await asyncio.sleep(chance.uniform(0, LATEST_KILL))
            # All that was sent is caught then.
            await eventually(lambda: not catcher.open_connections, 10)
            unknown = len(by_message_id(catcher.mails)) - await sent()
            assert unknown <= UNDER_WAY
            forgotten += unknown
        async with pipeline(*command):
            await until(all_sent, seconds=times(300, 60))
        caught = by_message_id(catcher.mails)
    assert {each: mails[0].recording for each, mails in caught.items()} == left
    for mails in caught.values():
        assert len({mail.content for mail in mails}) == 1
    repeated = len(catcher.mails) - MESSAGES
    print(f"{KILLS} kills, {MESSAGES} messages, {repeated} of them repeated")
    assert repeated <= forgotten, "only what a kill kept from being stored is sent again"
    assert await OutgoingMail.all().count() == MESSAGES
    # What was stored for a mail that a kill prevented goes, too.
    monkeypatch.setattr(recordings, "ABANDONED_AFTER", timedelta())
    await recordings.drop_abandoned_recordings()
    assert not await RecordingPart.exists()


def mailed(number: str) -> ExtensionInput:
    return ExtensionInput(
        number=number,
        caller_id_name="Bob",
        voicemail=True,
        voicemail_pin="4321",
        voicemail_email=f"{number}@example.org",
        voicemail_after_sending=AfterSending.KEEP,
    )


async def sent() -> int:
    return await OutgoingMail.filter(state=MailState.SENT).count()


async def all_sent() -> bool:
    return await sent() == MESSAGES


def by_message_id(mails: list[CaughtMail]) -> dict[str, list[CaughtMail]]:
    found = defaultdict(list)
    for mail in mails:
        found[mail.message_id].append(mail)
    return found
