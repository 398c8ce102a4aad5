"""From a real call to a person's page and back to the phone: the whole of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from tests.db.mail_rows import until
from tests.rig.portal_client import portal_client
from tests.rig.system import System, leave_message, running_system
from tests.rig.voicemail_menu import VoicemailMenu

PIN = "8642"
BOX = {
    "voicemail": True,
    "voicemail_pin": PIN,
    "voicemail_email": "bob@example.com",
    "users": ["admin"],
}
PATIENCE = 20.0
_PLAYER = re.compile(r'<audio [^>]*src="([^"]+)"')
_COUNTS = re.compile(
    r'id="box-5002".*?data-label="New"[^>]*>(\d+)<.*?data-label="Old"[^>]*>(\d+)<', re.S
)


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """A system whose Asterisk logs what its menus say."""
    async with running_system(tmp_path_factory.mktemp("system"), verbose=3) as running:
        yield running


async def test_what_is_heard_by_phone_and_deleted_in_the_portal_counts_the_same_in_both(
    system: System,
) -> None:
    async with portal_client(system.address) as client:
        await client.sign_in("admin", system.admin_password)
        await system.extension("5001", "Alice")
        await system.extension("5002", "Bob", **BOX)

        async def counted() -> list[tuple[str, str]]:
            return _COUNTS.findall(await client.page("/voicemail/boxes"))

        async def is_new() -> bool:
            return await counted() == [("1", "0")]

        async def is_old() -> bool:
            return await counted() == [("0", "1")]

        async with system.registered("5001", "5002") as (alice, bob):
            await bob.unregister()
            await leave_message(alice, "5002")
            await until(is_new, PATIENCE)
            assert "1 new message, 1 in all" in await client.page("/me")

            assert await bob.register() == 200
            await VoicemailMenu(bob, system.asterisk).hear(PIN)
            await until(is_old, PATIENCE)
            assert "No new messages, 1 in all" in await client.page("/me")

            page = await client.page("/voicemail")
            found = _PLAYER.search(page)
            assert found
            assert "Alice" in page
            status, question = await client.post(f"{found[1]}/delete")
            assert status == 200, question
            assert await counted() == [("0", "0")]
            await bob.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (0, 0))
            status, _ = await client.post(f"{found[1]}/delete")
            assert status == 404
            await system.catcher.wait_for(1, within=PATIENCE)
    assert len(system.catcher.mails) == 1
