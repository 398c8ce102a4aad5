"""An agent of queues with different wrap-ups: the wallboard says when each gives calls again."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from tests.asterisk.test_agents_by_phone import dial
from tests.eventually import PATIENCE_SECONDS
from tests.rig.portal_client import PortalClient, portal_client
from tests.rig.system import TESTER, System
from tests.sip import Phone

DESK, CALLER, AGENT, PIN = "1001", "1009", "101", "8642"
LONG_SECONDS = 6
# Asterisk looks for somebody once in a second, and counts wrap-ups in whole ones.
TOLERANCE_SECONDS = 2.5
NUMBERS = {"none": "600", "long": "601"}


@dataclass
class Desk:
    """An agent who is logged in at a phone, somebody who calls, and the wallboard."""

    phone: Phone
    caller: Phone
    portal: PortalClient
    taken: int = 0

    async def shown(self, queue: str) -> str:
        """Return the state of the agent on the queue's wallboard."""
        page = await self.portal.page(f"/wallboard/{queue}")
        _, _, members = page.partition(f'id="members-{queue}"')
        found = re.search(r'<li class="([a-z-]+)">', members)
        assert found
        return found[1]

    async def until(self, queue: str, *states: str) -> float:
        """Wait until one of these is shown; return when it was."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (state := await self.shown(queue)) not in states:
            assert time.monotonic() < deadline, state
            await asyncio.sleep(0.05)
        return time.monotonic()

    async def take(self, queue: str) -> float:
        """Call the queue, answer, hang up when that is shown; return when the phone rang."""
        call = await self.caller.call(NUMBERS[queue])
        self.taken += 1
        incoming = await self.phone.wait_incoming(PATIENCE_SECONDS, count=self.taken)
        rang = time.monotonic()
        await incoming.wait_answered(PATIENCE_SECONDS)
        await self.until(queue, "on-call")
        await call.hangup()
        await incoming.wait_ended(PATIENCE_SECONDS)
        return rang


@pytest.fixture
async def desk(system: System) -> AsyncIterator[Desk]:
    """Agent 101 at 1001, in both queues."""
    await system.extension(DESK, agent_logins=True)
    await system.extension(CALLER)
    agents, queues = Agents(system.bus, None, ()), Queues(system.bus)
    person = {"number": AGENT, "first_name": "Ada", "last_name": "Lovelace", "pin": PIN}
    await agents.create(TESTER, person)
    for name, wrap_up in (("none", 0), ("long", LONG_SECONDS)):
        values = {"name": name, "number": NUMBERS[name], "agents": AGENT, "wrap_up": str(wrap_up)}
        await queues.create(TESTER, values)
    await system.told()
    async with (
        portal_client(system.address) as portal,
        system.registered(DESK, CALLER) as (phone, caller),
    ):
        await portal.sign_in("admin", system.admin_password)
        await dial(phone, "*45", AGENT, PIN)
        yield Desk(phone, caller, portal)


async def test_each_queue_gives_a_call_when_its_wallboard_says_ready(desk: Desk) -> None:
    for queue in NUMBERS:
        await desk.until(queue, "ready")
    # After a call of the queue with the wrap-up, that holds in the other one too.
    await desk.take("long")
    await desk.until("none", "wrap-up")
    await desk.until("long", "wrap-up")
    ringing = asyncio.create_task(desk.take("none"))
    # Asterisk rings as soon as it looks again: ready may be over before it is seen.
    over = await desk.until("none", "ready", "ringing", "on-call")
    assert abs(await ringing - over) < TOLERANCE_SECONDS
    # After a call of the queue without, that one gives the next at once, and the other does not.
    await desk.until("long", "wrap-up")
    over = await desk.until("none", "ready")
    assert await desk.shown("long") == "wrap-up"
    assert await desk.take("none") - over < TOLERANCE_SECONDS
