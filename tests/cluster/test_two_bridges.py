"""Several bridges share several Asterisks; any of them may die, and so may PostgreSQL."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from pbxbridge.models.node import Node
from pbxbridge.services.extension_input import parse_extension
from tests.cluster.two_bridges import ADMIN, Bridges, Site, running_site
from tests.rig.campaign import times
from tests.rig.extensions import delete_knowingly
from tests.sip import Phone

# How long another bridge may take to take over.
TAKE_OVER_SECONDS = 10.0
# One that was stopped amid a transaction is cut off 8 s after that was its turn (docs/nodes.md).
OVERTAKE_SECONDS = 20.0


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with running_site(tmp_path_factory.mktemp("site")) as site:
        for number in ("1001", "1002", "1003"):
            await created(site, number)
        yield site


@pytest.fixture(scope="module")
async def bridges(site: Site) -> AsyncIterator[Bridges]:
    """Two bridges, of which the first has all the leases."""
    async with AsyncExitStack() as stack:
        bridges = Bridges(site, stack)
        await bridges.begin()
        yield bridges


async def created(site: Site, number: str) -> None:
    wanted = {"number": number, "caller_id_name": f"Somebody {number}"}
    await site.extensions.create(ADMIN, parse_extension(wanted))


@asynccontextmanager
async def registered(site: Site, number: str, node: str) -> AsyncIterator[Phone]:
    async with await site.phone(number, node) as phone:
        assert await phone.register() == 200
        yield phone
        await phone.unregister()


async def test_any_bridge_shows_the_phones_of_every_node(site: Site, bridges: Bridges) -> None:
    async with registered(site, "1001", "east") as east, registered(site, "1002", "west") as west:
        for bridge in bridges.both:
            await site.shows(bridge, "1001", status="OK", node="east", asterisk_connected=True)
            await site.shows(bridge, "1002", status="OK", node="west", port=west.address[1])
            await site.shows(bridge, "1003", status="BLANK")
        west.go_silent()
        for bridge in bridges.both:
            await site.shows(bridge, "1002", status="UNREACHABLE")
        west.speak_again()
        for bridge in bridges.both:
            await site.shows(bridge, "1002", status="OK")
        await east.unregister()
        for bridge in bridges.both:
            await site.shows(bridge, "1001", status="BLANK")


async def test_what_is_saved_beside_the_bridges_reaches_every_asterisk(
    site: Site, bridges: Bridges
) -> None:
    await created(site, "1100")
    async with await site.phone("1100", "west") as phone:
        assert await phone.register() == 200
        for bridge in bridges.both:
            await site.shows(bridge, "1100", status="OK", node="west")
        await delete_knowingly(site.extensions, ADMIN, "1100")
        assert await phone.register() == 401
    await site.told()


@pytest.mark.campaign
async def test_after_postgresql_was_away_everything_is_as_it_is(
    site: Site, bridges: Bridges
) -> None:
    async with registered(site, "1001", "east"), registered(site, "1002", "west") as leaves:
        for bridge in bridges.both:
            await site.shows(bridge, "1001", status="OK")
        for bridge in bridges.both:
            await site.shows(bridge, "1002", status="OK")
        await site.postgres.stop()
        leaves.go_silent()
        await asyncio.sleep(times(30, 5))  # the length of the outage is what is tested
        await site.postgres.start()
        await site.listening(*bridges.both)
        for bridge in bridges.both:
            await site.shows(bridge, "1001", status="OK", asterisk_connected=True)
            await site.shows(bridge, "1002", status="UNREACHABLE", asterisk_connected=True)
            assert bridge.process.returncode is None
        await created(site, "1200")
        leaves.speak_again()
        for bridge in bridges.both:
            await site.shows(bridge, "1002", status="OK")
        for bridge in bridges.both:
            await site.shows(bridge, "1200", status="BLANK")


@pytest.mark.campaign
async def test_while_an_asterisk_is_away_its_phones_are_shown_as_old(
    site: Site, bridges: Bridges
) -> None:
    async with registered(site, "1001", "east"), registered(site, "1002", "west"):
        for _ in range(times(20, 1)):
            for bridge in bridges.both:
                await site.shows(bridge, "1001", status="OK", asterisk_connected=True)
            await site.nodes["east"].stop()
            for bridge in bridges.both:
                await site.shows(bridge, "1001", status="OK", asterisk_connected=False)
                await site.shows(bridge, "1002", status="OK", asterisk_connected=True)
            await site.nodes["east"].start()
            for bridge in bridges.both:
                await site.shows(bridge, "1001", asterisk_connected=True)


@pytest.mark.campaign
async def test_another_bridge_takes_over_when_one_is_killed(site: Site, bridges: Bridges) -> None:
    async with registered(site, "1001", "east") as phone:
        for _ in range(times(20, 1)):
            killed = await bridges.listener("east")
            await site.shows(killed, "1001", status="OK")
            epoch = (await Node.get(name="east")).epoch
            await killed.kill()
            left = await bridges.taken_over(killed, TAKE_OVER_SECONDS)
            assert (await Node.get(name="east")).epoch == epoch + 1
            await site.shows(left, "1001", status="OK", asterisk_connected=True)
            phone.go_silent()
            await site.shows(left, "1001", status="UNREACHABLE")
            phone.speak_again()
            await site.shows(left, "1001", status="OK")


async def test_a_bridge_that_sleeps_is_overtaken_and_does_no_harm(
    site: Site, bridges: Bridges
) -> None:
    async with registered(site, "1001", "east") as phone:
        asleep = await bridges.listener("east")
        await site.shows(asleep, "1001", status="OK")
        asleep.process.send_signal(signal.SIGSTOP)
        try:
            left = await bridges.taken_over(asleep, OVERTAKE_SECONDS)
            phone.go_silent()
            await site.shows(left, "1001", status="UNREACHABLE")
        finally:
            asleep.process.send_signal(signal.SIGCONT)
        await site.shows(asleep, "1001", status="UNREACHABLE", asterisk_connected=True)
        await site.shows(left, "1001", status="UNREACHABLE", asterisk_connected=True)
        phone.speak_again()
    await asleep.kill()


async def test_a_bridge_that_stops_hands_over(bridges: Bridges) -> None:
    stopped = await bridges.listener("east")
    stopped.process.terminate()
    assert await stopped.process.wait() == 0
    await bridges.taken_over(stopped, TAKE_OVER_SECONDS)
