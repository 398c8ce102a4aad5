"""The portal works without Asterisk, says so, and catches up."""

import asyncio
from pathlib import Path

from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from tests.rig.portal_client import PortalClient, portal_client
from tests.rig.system import running_system

SECONDS = 15.0


async def page_with(client: PortalClient, *texts: str) -> str:
    """Return the list of extensions once it shows all of these."""
    shown = ""
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                shown = await client.page("/extensions")
                if all(text in shown for text in texts):
                    return shown
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{texts} not in {shown}") from None


async def test_asterisk_may_be_down_at_the_start_and_later(tmp_path: Path) -> None:
    async with (
        running_system(tmp_path, start_asterisk=False) as system,
        portal_client(system.address) as client,
    ):
        await client.sign_in("admin", system.admin_password)
        await page_with(client, "Asterisk is not connected", "since", "Connection refused")

        status, _ = await client.post("/extensions", number="4001", caller_id_name="Early")
        assert status == 200
        await AsteriskNotice.create(kind=NoticeKind.RELOAD_DIALPLAN, subject="4001")
        await page_with(client, "saved, waiting for Asterisk", "4001")

        await system.asterisk.start()
        shown = await page_with(client, "Asterisk is connected")
        assert "Asterisk is not connected" not in shown
        await system.told()
        async with system.registered("4001") as (phone,):
            await page_with(client, ">OK</span>", str(phone.address[1]))
            # Not killed: Asterisk writes its contacts down about once a second.
            await system.asterisk.stop()
            await page_with(client, "Asterisk is not connected")
            status, _ = await client.post("/extensions", number="4002", caller_id_name="Meanwhile")
            assert status == 200
            await system.asterisk.start()
            await page_with(client, "Asterisk is connected", ">OK</span>", str(phone.address[1]))
            async with system.registered("4002") as (other,):
                await page_with(client, str(other.address[1]))
