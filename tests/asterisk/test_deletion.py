"""A deleted extension is gone everywhere; the next of its number inherits nothing."""

import asyncio

from tests.eventually import eventually
from tests.rig.portal_client import portal_client
from tests.rig.system import System, leave_message

# Asterisk looks for expired contacts every 5 s (pjsip.conf).
FORGOTTEN_SECONDS = 15.0
BOX = {"voicemail": True, "voicemail_pin": "8642", "voicemail_email": "b@example.com"}


async def test_a_later_extension_of_the_same_number_starts_from_nothing(system: System) -> None:
    async with portal_client(system.address) as client:
        await client.sign_in("admin", system.admin_password)
        await system.extension("5001", "Alice")
        await system.extension("5002", "Bob", **BOX)
        async with system.registered("5001", "5002") as (alice, bob):
            await bob.unregister()
            await leave_message(alice, "5002")
            await system.catcher.wait_for(1)
            assert await bob.register() == 200

            status, asked = await client.post("/extensions/5002/delete")
            assert status == 422
            assert "Voicemail box 5002 has 1 unheard message." in asked
            known = {"known-mailbox:5002": "on", "known-device:5002": "on"}
            status, _ = await client.post("/extensions/5002/delete", **known)
            assert status == 200
            assert await bob.register() == 401
            await system.told()
            box = system.asterisk.voicemail / "default" / "5002"
            await eventually(lambda: not box.exists())
            contacts = "5002"
            async with asyncio.timeout(FORGOTTEN_SECONDS):
                while "5002" in contacts:
                    contacts = await system.asterisk.cli("pjsip show contacts")

            await system.extension("5002", "Bob's successor", **BOX)
            assert await bob.register() == 401, "the old secret still registers"
            async with await system.phone("5002") as successor:
                assert await successor.register() == 200
                summary = await successor.wait_mwi(lambda _: True)
                assert (summary.new, summary.old) == (0, 0)
    assert len(system.catcher.mails) == 1
