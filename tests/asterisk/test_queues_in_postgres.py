"""Queues on the tables that Asterisk's own alembic scripts made in PostgreSQL, read by ODBC."""

from __future__ import annotations

import re

import pytest

from pbxbridge.models.realtime import QueueLogEntry, QueueMember
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from tests.eventually import PATIENCE_SECONDS
from tests.rig.portal_client import PortalClient, portal_client
from tests.rig.system import TESTER, System
from tests.sip import Answer

pytestmark = pytest.mark.parametrize("system", ["alembic"], indirect=True)


async def shows(admin: PortalClient, *wanted: str) -> None:
    """Wait until the wallboard of the queue has these."""
    for _ in range(int(PATIENCE_SECONDS / 0.1)):
        page = re.sub(r"\s+", " ", await admin.page("/wallboard/sales"))
        if all(each in page for each in wanted):
            return
    raise AssertionError(f"{wanted} wanted, {page}")


async def test_an_agent_takes_a_call_and_it_is_counted(system: System) -> None:
    for number in ("1001", "1002", "1003"):
        await system.extension(number, agent_logins=number == "1001")
    person = {"number": "101", "first_name": "Ada", "last_name": "Byron", "pin": "8642"}
    await Agents(system.bus, None, ()).create(TESTER, person)
    queues = Queues(system.bus)
    sales = {"name": "sales", "number": "600", "agents": "101", "extensions": "1003:4"}
    await queues.create(TESTER, sales)
    await system.told()
    async with (
        portal_client(system.address) as admin,
        system.registered("1001", "1002", "1003") as (ada, caller, carol),
    ):
        await admin.sign_in("admin", system.admin_password)
        await shows(admin, "1003", "Logged out")
        assert (await admin.post("/agents/101/log-in", extension="1001"))[0] == 200
        await shows(admin, "101 at 1001")
        ada.on_incoming = Answer()
        call = await caller.call("600")
        await call.wait_answered()
        await shows(admin, "<dt>Answered</dt><dd>1</dd>", '<li class="on-call">')
        await call.hangup()
        pause = await carol.call("*46")  # Asterisk writes that into the row
        await pause.wait_ended(PATIENCE_SECONDS)
        await shows(admin, "Paused")
        assert [row.paused for row in await QueueMember.all()] == [1]
        events = await QueueLogEntry.filter(queuename="sales").values_list("event", flat=True)
        assert {"ENTERQUEUE", "CONNECT", "COMPLETECALLER", "PAUSE"} <= set(map(str, events))
        await queues.delete(TESTER, "sales")
        await system.told()
    assert "sales" not in await system.asterisk.cli("queue show")
    assert not await QueueMember.all()
