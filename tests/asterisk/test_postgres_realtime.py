"""An Asterisk that reads everything from a PostgreSQL, and what becomes of it without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pbxbridge.check import check_asterisk, stored_sample
from pbxbridge.mirror.endpoint import Status
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import PsEndpoint
from tests.asterisk.carrier_calls import Outside, reaches, refused, running_outside, states
from tests.eventually import PATIENCE_SECONDS
from tests.rig.asterisk_edits import commented, edited
from tests.rig.databases import Databases
from tests.rig.extensions import delete_knowingly
from tests.rig.iax2_device import Iax2Device
from tests.rig.portal_client import portal_client
from tests.rig.system import TESTER, System
from tests.sip import Answer, CallState, Phone, Ring

OUTAGE_SECONDS = 3


@pytest.fixture(scope="module")
async def outside(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    """Our PBX on PostgreSQL: that its trunks are up says that their rows are read."""
    folder = tmp_path_factory.mktemp("outside")
    async with running_outside(folder, "postgres", databases) as running:
        await running.route("national", "_0Z.", "carrier", strip=1, prepend="0049")
        await running.class_of_service("national", "national")
        await running.system.extension("2001", "Alice", class_of_service="national")
        await running.system.extension("2002", "Bob", dids=["+4930222"])
        await running.system.told()
        yield running


@pytest.fixture
def system(outside: Outside) -> System:
    return outside.system


async def final_status(phone: Phone, number: str) -> int | None:
    call = await phone.call(number)
    await call.wait_answered()
    await call.hangup()
    return call.status


async def becomes(system: System, number: str, status: int) -> Phone:
    """Register until that is answered so; return the phone."""
    phone = await system.phone(number)
    await phone.start()
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while (said := await phone.register()) != status:
        assert asyncio.get_running_loop().time() < deadline, said
        await asyncio.sleep(0.1)
    return phone


async def test_check_finds_nothing_wrong_and_names_a_line_that_is_gone(system: System) -> None:
    sample = await stored_sample()
    assert [
        each.detail for each in await check_asterisk(system.settings, sample) if not each.ok
    ] == []
    gone = commented("extconfig.conf", "voicemail")
    classes = ("res_odbc.conf", "[endpoints]", "[other]")
    with edited(system.asterisk, gone, classes):
        failed = [each for each in await check_asterisk(system.settings, sample) if not each.ok]
    assert [each.name for each in failed] == ["extconfig.conf"] * len(failed)
    said = " ".join(f"{each.detail} {each.remedy}" for each in failed)
    assert "Add `voicemail => odbc,pbxbridge,voicemail`" in said
    assert "`ps_endpoints` is read through `endpoints`, which res_odbc.conf does not have" in said
    password = system.settings.database.url.get_secret_value().split(":")[2].split("@")[0]
    assert password not in said


async def test_the_password_lies_where_ami_reads_no_files(system: System) -> None:
    password = system.settings.database.url.get_secret_value().split(":")[2].split("@")[0]
    holding = [
        path.name
        for path in system.asterisk.folder.rglob("*")
        if path.is_file() and path.suffix in {".conf", ".ini"} and password in path.read_text()
    ]
    assert holding == ["odbc.ini"]
    (path,) = (system.asterisk.folder).rglob("odbc.ini")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent != system.asterisk.folder / "etc"


async def test_a_class_of_service_decides_from_its_save_on(outside: Outside) -> None:
    system = outside.system
    async with (
        system.registered("2001", "2002") as (alice, bob),
        outside.carrier.subscriber() as cell,
    ):
        cell.on_incoming = Ring()
        incoming = await reaches(alice, "0301234", cell)
        assert incoming.caller_name == "0049301234"
        assert await refused(bob, "0301234") == 403
        await system.extensions.update(TESTER, "2002", {"class_of_service": "national"})
        await reaches(bob, "0301234", cell)


async def test_a_did_rings_its_extension(outside: Outside) -> None:
    async with (
        outside.system.registered("2002") as (bob,),
        outside.carrier.subscriber() as cell,
    ):
        bob.on_incoming = Answer()
        assert await final_status(cell, "491701234*4930222") == 200
        assert bob.incoming[-1].caller_number == "491701234"


async def test_an_iax2_device_registers_by_its_row(
    system: System, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await system.extension("2003", "Zoë; IAX2", device_type="IAX2")
    secret = await system.extensions.secret(TESTER, "2003")
    await system.told()
    folder = tmp_path_factory.mktemp("device")
    port = system.asterisk.ports.iax
    device = Iax2Device(folder, folder / "none.sqlite3", number="2003", secret=secret, port=port)
    device.database.touch()  # type: ignore[union-attr]
    async with device:
        await states({"2003": Status.OK})
    assert '"Zoë; IAX2"' in await system.asterisk.cli("iax2 show peer 2003")


async def test_states_follow_the_phone_and_a_deleted_one_is_gone(system: System) -> None:
    await system.extension("2004", "Comes and goes")
    async with system.registered("2004") as (phone,):
        await states({"2004": Status.OK})
        await phone.unregister()
        await states({"2004": Status.BLANK})
        assert await phone.register() == 200
        await states({"2004": Status.OK})
        await delete_knowingly(system.extensions, TESTER, "2004")
        assert await phone.register() == 401
        contacts = "2004"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "2004" in contacts:
                contacts = await system.asterisk.cli("pjsip show contacts")


async def test_a_stop_of_postgres_mends_itself_and_leaves_nothing_half_written(
    system: System,
) -> None:
    server = system.server
    assert server is not None
    async with portal_client(system.address) as client, system.registered("2001", "2002") as both:
        await client.sign_in("admin", system.admin_password)
        await states({"2001": Status.OK, "2002": Status.OK})
        alice, bob = both
        bob.on_incoming = Answer()
        standing = await alice.call("2002")
        await standing.wait_answered()
        await server.stop()
        try:
            assert await alice.register() == 401
            saving = asyncio.create_task(
                client.post("/extensions", number="2010", caller_id_name="Meanwhile"), name="save"
            )
            await asyncio.sleep(OUTAGE_SECONDS)  # the outage, not a wait
        finally:
            await server.start()
        status, said = await saving
        assert (status, said) == (
            503,
            "The database does not answer. Please try again in a moment.",
        )
        await (await becomes(system, "2001", 200)).close()
        await states({"2001": Status.OK, "2002": Status.OK})
        assert standing.state is CallState.ANSWERED
        await standing.hangup()
        assert await final_status(alice, "2002") == 200
        assert not await Extension.filter(number="2010").exists()
        assert not await PsEndpoint.filter(id="2010").exists()
        again = {"number": "2010", "caller_id_name": "Afterwards", "monitored": "on"}
        status, _ = await client.post("/extensions", **again)
        assert status == 200
        async with system.registered("2010"):
            await states({"2010": Status.OK})
