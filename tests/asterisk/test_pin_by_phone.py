"""A PIN that its owner changes by phone is the PIN, and the portal knows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from pbxbridge.errors import Conflict
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.realtime import VoicemailBox
from tests.db.mail_rows import until
from tests.rig.campaign import times
from tests.rig.databases import ENGINES, Databases
from tests.rig.system import TESTER, System, running_system
from tests.rig.voicemail_menu import VoicemailMenu

BOX, OTHER = "1002", "1003"
FIRST, SECOND = "8642", "97531"
PATIENCE = 20.0
MENU_VERBOSITY = 3


@pytest.fixture(scope="module", params=times(ENGINES, ("postgres",)))
async def system(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[System]:
    """A system whose Asterisk logs what its menus say."""
    folder = tmp_path_factory.mktemp("system")
    async with running_system(
        folder, verbose=MENU_VERBOSITY, engine=request.param, databases=databases
    ) as running:
        yield running


async def stored_pin(number: str) -> str:
    return (await VoicemailBox.get(mailbox=number)).password


async def test_a_pin_changed_by_phone_stays_and_a_stale_form_does_not_overwrite_it(
    system: System,
) -> None:
    await system.extension(BOX, "Bob", voicemail=True, voicemail_pin=FIRST)
    before = await system.extensions.get(BOX)
    assert before.pin_changed_by_phone_at is None
    began = datetime.now(UTC) - timedelta(seconds=1)
    async with system.registered(BOX) as (phone,):
        menu = VoicemailMenu(phone, system.asterisk)
        await menu.change_pin(FIRST, SECOND)
        assert await stored_pin(BOX) == SECOND

        # The bridge is told by MessageWaiting, at the end of the call: nobody opens the extension.
        async def noticed() -> bool:
            return await AuditEntry.filter(subject=BOX, action__contains="pin").exists()

        await until(noticed, PATIENCE)
        after = await system.extensions.get(BOX)
        assert after.pin_changed_by_phone_at is not None
        assert after.pin_changed_by_phone_at >= began

        stale = {"caller_id_name": "Robert", "voicemail_pin": FIRST}
        with pytest.raises(Conflict, match="by phone"):
            await system.extensions.update(TESTER, BOX, stale, version=before.version)
        assert await stored_pin(BOX) == SECOND
        await system.extensions.update(TESTER, BOX, {"caller_id_name": "Robert"})
        assert await stored_pin(BOX) == SECOND, "an empty PIN keeps the box's"
        async with menu.opened(SECOND):
            pass


async def test_a_pin_changed_in_the_portal_is_no_longer_the_phone_s(system: System) -> None:
    await system.extension(OTHER, "Carol", voicemail=True, voicemail_pin=FIRST)
    async with system.registered(OTHER) as (phone,):
        menu = VoicemailMenu(phone, system.asterisk)
        await menu.change_pin(FIRST, SECOND)
        assert (await system.extensions.get(OTHER)).pin_changed_by_phone_at is not None
        await system.extensions.change_own_pin(TESTER, OTHER, FIRST)
        assert (await system.extensions.get(OTHER)).pin_changed_by_phone_at is None
        async with menu.opened(FIRST):
            pass
    assert await stored_pin(OTHER) == FIRST
