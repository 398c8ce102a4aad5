"""From a real call to a person's page and back to the phone: the whole of it."""

from __future__ import annotations

import re

from tests.db.mail_rows import until
from tests.rig.portal_client import portal_client
from tests.rig.system import System, leave_message

BOX = {
    "voicemail": True,
    "voicemail_pin": "8642",
    "voicemail_email": "bob@example.com",
    "users": ["admin"],
}
PATIENCE = 20.0
_PLAYER = re.compile(r'<audio [^>]*src="([^"]+)"')


async def test_a_message_is_listed_played_and_deleted_and_mailed_all_the_same(
    system: System,
) -> None:
    async with portal_client(system.address) as client:
        await client.sign_in("admin", system.admin_password)
        await system.extension("5001", "Alice")
        await system.extension("5002", "Bob", **BOX)

        async def listed() -> bool:
            return _PLAYER.search(await client.page("/me")) is not None

        async with system.registered("5001", "5002") as (alice, bob):
            await bob.unregister()
            await leave_message(alice, "5002")
            await until(listed, PATIENCE)
            page = await client.page("/me")
            found = _PLAYER.search(page)
            assert found
            assert "Alice" in page
            status, question = await client.post(f"{found[1]}/delete")
            assert status == 200, question
            assert not await listed()

            await system.catcher.wait_for(1, within=PATIENCE)
            assert await bob.register() == 200
            await bob.wait_mwi(lambda lamp: (lamp.new, lamp.old) == (0, 0))
            status, _ = await client.post(f"{found[1]}/delete")
            assert status == 404
    assert len(system.catcher.mails) == 1
