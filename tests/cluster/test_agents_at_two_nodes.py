"""An agent moves to a phone of another Asterisk: the first one gives them no more calls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from pbxbridge.events import EventBus
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extension_input import parse_extension
from tests.asterisk.test_agents_by_phone import dial
from tests.cluster.two_bridges import ADMIN, NODES, PATIENCE_SECONDS, Bridges, Site, running_site

AGENT, PIN = "101", "8642"
EAST, WEST = NODES


@pytest.fixture
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Agents may log in at two phones, and 101 is one of a queue. Two bridges run."""
    async with running_site(tmp_path_factory.mktemp("site")) as site, AsyncExitStack() as stack:
        for number in ("1001", "1002"):
            phone = {"number": number, "caller_id_name": "Desk", "agent_logins": True}
            await site.extensions.create(ADMIN, parse_extension(phone))
        person = {"number": AGENT, "first_name": "Ada", "last_name": "Lovelace", "pin": PIN}
        await Agents(EventBus(), None, ()).create(ADMIN, person)
        queue = {"name": "sales", "number": "600", "agents": AGENT}
        await Queues(EventBus()).create(ADMIN, queue)
        await Bridges(site, stack).begin()
        await site.told()
        yield site


async def members(site: Site, node: str) -> list[str]:
    said = await site.nodes[node].cli("queue show sales")
    return re.findall(r"Agent/101 \(PJSIP/(\w+)\)", said)


async def only_at(site: Site, node: str, number: str) -> None:
    """Wait until the agent is logged in there, and nowhere else, as every Asterisk says."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + PATIENCE_SECONDS
    wanted = {name: [number] if name == node else [] for name in NODES}
    while (found := {name: await members(site, name) for name in NODES}) != wanted:
        assert clock() < deadline, found
        await asyncio.sleep(0.1)
    for name in NODES:
        kept = await site.nodes[name].cli("database show pbxbridge")
        assert ("since/101" in kept, f"agent/{AGENT}" in kept) == (name == node,) * 2


async def test_the_last_login_counts_also_over_an_outage(site: Site) -> None:
    async with await site.phone("1001", EAST) as east, await site.phone("1002", WEST) as west:
        for phone in (east, west):
            assert await phone.register() == 200
        await dial(east, "*45", AGENT, PIN)
        await only_at(site, EAST, "1001")
        await dial(west, "*45", AGENT, PIN)
        await only_at(site, WEST, "1002")
        await site.nodes[WEST].stop()
        await dial(east, "*45", AGENT, PIN)
        await site.nodes[WEST].start()  # and restores who was logged in
        await only_at(site, EAST, "1001")
