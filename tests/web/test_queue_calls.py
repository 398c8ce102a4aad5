"""The log of the queues' calls on the screen, and as a file."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from pbxbridge.events import EventBus
from pbxbridge.models.call_centre import Agent
from pbxbridge.models.people import User
from pbxbridge.services.call_centre.agents import Agents
from tests.rig.call_centre import queue_row
from tests.rig.queue_log import entered, logged
from tests.web.conftest import Prepared
from tests.web.visitor import Visitor
from web.app import Portal, make_app

ADA = "Agent/101"
START = datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture(autouse=True)
async def _calls(database: str) -> None:
    """One that Ada answered, one that was abandoned."""
    await queue_row("sales")
    user = await User.get(login="user")
    await Agent.create(
        number="101", first_name="Ada", last_name="Lovelace", pin_hash="", user_id=user.id
    )
    await entered("1.1", "0301234", at=START)
    await logged("CONNECT", "4", "1.3", "2", call="1.1", agent=ADA, at=START + timedelta(seconds=4))
    await logged(
        "COMPLETECALLER", "4", "3725", "1", call="1.1", agent=ADA, at=START + timedelta(seconds=64)
    )
    await entered("1.2", "<b>1003", at=START)
    await logged("ABANDON", "1", "1", "7", call="1.2", at=START + timedelta(seconds=7))


async def rows(visitor: Visitor, query: str = "") -> list[str]:
    text = await (await visitor.get(f"/queue-calls{query}")).text()
    found = re.findall(r'<tbody class="entry">(.*?)</tbody>', text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in found]


async def test_each_call_is_one_row_the_newest_first(visitor: Visitor) -> None:
    abandoned, answered = await rows(visitor)
    assert abandoned.endswith("sales &lt;b&gt;1003 0:07 Abandoned")
    assert answered.endswith("sales 0301234 0:04 Ada Lovelace (101) 1:02:05 Answered")
    local = START.astimezone()
    assert answered.startswith(local.strftime("%Y-%m-%d %H:%M:%S"))


async def test_a_search_stays_in_the_form(visitor: Visitor) -> None:
    (row,) = await rows(visitor, "?search=ada&queue=sales")
    assert "0301234" in row
    text = await (await visitor.get("/queue-calls?search=ada&queue=sales")).text()
    assert 'value="ada"' in text
    assert '<option value="sales" selected>' in text
    assert "/queue-calls/export?queue=sales&amp;search=ada" in text


async def test_a_wrong_day_is_said_beside_its_field(visitor: Visitor) -> None:
    answer = await visitor.get("/queue-calls?from=2026-02-01&to=2026-01-01")
    assert answer.status == 422
    assert "This day is before the first." in await answer.text()
    assert (await visitor.get("/queue-calls/export?from=x")).status == 422


async def test_where_nothing_is_it_says_so(visitor: Visitor) -> None:
    assert "Nothing was found." in await (await visitor.get("/queue-calls?search=999")).text()


async def test_pages_link_to_each_other(visitor: Visitor) -> None:
    for number in range(60):
        await entered(f"2.{number}", "1003", at=START)
    first = await (await visitor.get("/queue-calls?search=1003")).text()
    older = re.search(r'rel="next" href="([^"]*)"', first)
    assert older
    rest = await (await visitor.get(older[1].replace("&amp;", "&"))).text()
    assert rest.count('<tbody class="entry">') == 11
    assert ">Newest</a>" in rest


async def test_what_never_ended_is_not_waited_for(visitor: Visitor) -> None:
    await entered("3.1", "1004", at=START)
    await entered("3.2", "1004", at=START - timedelta(days=2))
    long_ago, now = await rows(visitor, "?search=1004")
    assert now.endswith("Waiting")
    assert long_ago.endswith("Not known")


async def test_the_file_has_the_rows_of_the_log(visitor: Visitor) -> None:
    answer = await visitor.get("/queue-calls/export?queue=sales")
    assert answer.content_type == "text/csv"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="queue-calls-')
    _, *events = csv.reader((await answer.read()).decode("utf-8-sig").splitlines())
    assert [event[4] for event in events] == [
        *("ENTERQUEUE", "CONNECT", "COMPLETECALLER", "ENTERQUEUE", "ABANDON")
    ]


@pytest.mark.parametrize("path", ["/queue-calls", "/queue-calls/export"])
async def test_of_users_only_managers_may_read_it(
    person: Visitor, portal: Portal, bus: EventBus, prepared: Prepared, path: str
) -> None:
    assert (await person.get(path)).status == 403
    managed = replace(portal, agents=Agents(bus, None, ["101"]))
    async with TestClient(TestServer(make_app(managed))) as client:
        manager = Visitor(client, person.token)
        assert (await manager.get(path)).status == 200
        assert 'href="/queue-calls"' in await (await manager.get("/wallboard")).text()
