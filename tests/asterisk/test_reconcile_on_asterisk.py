"""A phone that lost its rows registers again after `pbxbridge reconcile --repair`."""

from __future__ import annotations

from pbxbridge.models.realtime import PsAor, PsEndpoint, StaticConfigRow
from tests.asterisk.carrier_calls import reaches, refused
from tests.rig.command_line import environment, run_pbxbridge
from tests.rig.system import System
from tests.sip import Ring


async def reconcile(system: System, *options: str) -> tuple[int, str]:
    """Run the command beside the bridge; return its exit code and what it said."""
    return await run_pbxbridge(environment(system), "reconcile", *options)


async def test_rows_damaged_by_hand_are_found_and_repaired(system: System) -> None:
    await system.extension("1001", "Alice")
    await system.extension("1002", "Bob")
    await system.told()
    code, said = await reconcile(system)
    assert (code, "no drift" in said) == (0, True), said
    async with await system.phone("1001") as alice, system.registered("1002") as (bob,):
        bob.on_incoming = Ring()
        await PsEndpoint.filter(id="1001").delete()
        await PsAor.filter(id="1001").update(max_contacts=0)
        assert await alice.register() == 401
        code, said = await reconcile(system)
        assert code == 1
        assert "extension 1001: ps_endpoints 1001 is missing" in said
        assert "max_contacts is 0, should be 1" in said
        assert await alice.register() == 401

        code, said = await reconcile(system, "--repair")
        assert (code, "1 repaired, 0 left." in said) == (0, True), said
        assert await alice.register() == 200
        await reaches(alice, "1002", bob)
        assert (await reconcile(system))[0] == 0


async def test_the_running_bridge_has_asterisk_told_of_what_was_repaired(system: System) -> None:
    await system.extension("1011", "Alice")
    await system.extension("1012", "Bob")
    await system.told()
    lines = StaticConfigRow.filter(category="cos-internal")
    async with system.registered("1011", "1012") as (alice, bob):
        bob.on_incoming = Ring()
        await lines.delete()
        await system.asterisk.cli("module reload pbx_config.so")
        assert await refused(alice, "1012") == 404
        code, _ = await reconcile(system, "--repair")
        assert code == 0
        await system.told()
        await reaches(alice, "1012", bob)
