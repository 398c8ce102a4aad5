"""A phone of each make: it fetches its file, registers what that says, and fetches again if told.

The user agent knows what a person enters in it and what its make's own format means, nothing else.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.phones.makes import Makes
from tests.db.mail_rows import until
from tests.rig.phone_files import READERS, Reader, ReadFile, ReadLine, read_polycom_master
from tests.rig.portal_client import PortalClient, portal_client
from tests.rig.system import TESTER, System, running_system
from tests.sip import Phone

MAKES = Makes()

PATIENCE = 10.0


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """A system whose bridge knows its own address."""
    folder = tmp_path_factory.mktemp("system")
    async with running_system(folder, can_link=True) as running:
        yield running


@pytest.fixture(scope="module")
async def admin(system: System) -> AsyncIterator[PortalClient]:
    async with portal_client(system.address) as client:
        await client.sign_in("admin", system.admin_password)
        yield client


class DeskPhone:
    """A phone of some make, with its own web page: where it fetches from is entered there."""

    def __init__(self, reader: Reader, mac: str, entered: str) -> None:
        self._reader = reader
        self._mac = mac
        address = entered if "://" in entered else f"http://{entered}"
        folder, _, last = address.rpartition("/")
        # The file may be named; a token has no ending.
        self._folder = folder if "." in last else address

    async def fetch(self) -> ReadFile:
        """Fetch what phones of this make fetch, and keep the address that the file names."""
        names = self._reader.names(self._mac)
        texts = [await self._get(name) for name in names]
        for text in texts[:-1]:
            assert read_polycom_master(text) == names[1:]
        read = self._reader.read(texts[-1])
        assert read.address == self._folder
        return read

    async def _get(self, name: str) -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._folder}/{name}") as answer,
        ):
            assert answer.status == 200, name
            return await answer.text()


async def sync_of(lines: list[Phone]) -> str:
    """Return what the phone is told by whichever line the bridge knew of first."""
    waits = [asyncio.create_task(line.wait_sync()) for line in lines]
    done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    return done.pop().result()


def registering(line: ReadLine) -> Phone:
    return Phone(line.user, line.secret, line.server, line.port, auth_user=line.auth_user)


@pytest.mark.parametrize("name", READERS)
async def test_a_phone_sets_itself_up_and_again_when_it_is_told(
    system: System, admin: PortalClient, name: str
) -> None:
    place = list(READERS).index(name)
    mac, first, second = f"0004f2a1b2c{place}", f"{place}01", f"{place}02"
    await system.extension(first, "Ada", mac=mac, phone_make=name, voicemail=False)
    virtual = {"device_type": "SIP-VIRTUAL", "mac": mac, "registration_number": 2}
    override = {"auth_username": f"desk.{second}", "auth_secret": "se/cret+#of?two"}
    await system.extension(second, "Söhne & Co", **virtual, **override)

    status, dialog = await admin.post(f"/phones/{mac}/address")
    assert status == 200, dialog
    entered = re.search(r">([^<]*/provision/[^<]*)</textarea>", dialog)
    assert entered
    phone = DeskPhone(READERS[name], mac, html.unescape(entered[1]))
    read = await phone.fetch()
    assert [line.user for line in read.lines.values()] == [first, second]

    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(registering(x)) for x in read.lines.values()]
        assert [await line.register() for line in lines] == [200, 200]
        await system.extensions.update(TESTER, second, {"caller_id_name": "Renamed"})

        async def is_told() -> bool:
            return (await admin.post(f"/phones/{mac}/resync"))[0] == 200

        # Not before the bridge knows that the phone is there.
        await until(is_told, PATIENCE)
        make = MAKES.find(name)
        assert make is not None
        assert await sync_of(lines) == make.check_sync
        assert (await phone.fetch()).lines[2].display_name == "Renamed"
        for line in lines:
            await line.unregister()

    downloads = AuditEntry.filter(action="phone.configuration-fetched", subject=mac)
    assert await downloads.count() == 2 * len(READERS[name].asks_for)
    assert await AuditEntry.filter(action="phone.resynced", subject=mac).count() == 1
