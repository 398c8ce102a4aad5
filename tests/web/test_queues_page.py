"""The Queues screen as a browser's requests see it."""

from __future__ import annotations

import re
import time

import pytest

from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.realtime import Queue, QueueMember
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.rig.queue_events import caller
from tests.web.calling import marked, names, notice
from tests.web.forms import add
from tests.web.test_extension_delete import asked
from tests.web.visitor import Visitor
from web.app import Portal
from web.pages.queues import STRATEGIES

# As the editor sends it: what is empty is sent all the same.
SALES = {
    "name": "sales",
    "number": "600",
    "strategy": "rrmemory",
    "timeout": "20",
    "wrap_up": "",
    "music": "",
    "max_wait": "",
    "fallback": "1001",
    "announce_every": "",
    "service_level": "30",
    "agents": "101, 102:5",
    "extensions": "1002:1",
    "join_empty": "on",
}


@pytest.fixture(autouse=True)
async def _members(extensions: Extensions, portal: Portal, admin: Actor) -> None:
    await add(extensions, admin, "1001", "1002")
    for number in ("101", "102"):
        name = {"first_name": "Ada", "last_name": "Lovelace", "pin": "8642"}
        await portal.agents.create(admin, {"number": number, **name})


async def page_of(visitor: Visitor, path: str = "/queues") -> str:
    return await (await visitor.get(path)).text()


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


async def test_a_queue_is_created_with_its_members_and_what_is_empty_is_none(
    visitor: Visitor, portal: Portal
) -> None:
    answer = await visitor.post("/queues", SALES, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Queue created")
    row = "sales 600 In turn, from the last one on 101, 102:5 1002:1 20 s none"
    assert row in words(await answer.text())
    fields = (await portal.queues.get("sales")).fields
    assert (fields.wrap_up, fields.max_wait, fields.announce_every, fields.music) == (0, 0, 0, "")
    assert (fields.join_empty, fields.fallback) == (True, "1001")
    editor = await (await visitor.get("/queues/sales/edit", htmx=True)).text()
    assert re.findall(r'<option value="(\w+)" selected>', editor) == ["rrmemory"]
    shown = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', editor))
    # The rest are a select and a tick box.
    assert SALES.items() - shown.items() == {("strategy", "rrmemory"), ("join_empty", "on")}


async def test_what_is_offered_at_first_can_be_saved(visitor: Visitor, portal: Portal) -> None:
    editor = await (await visitor.get("/queues/new", htmx=True)).text()
    offered = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', editor))
    assert re.search(r'name="join_empty"[^>]* checked>', editor)
    answer = await visitor.post("/queues", {**offered, "name": "a", "number": "601"}, htmx=True)
    assert answer.status == 200
    assert [each.name for each in await portal.queues.all()] == ["a"]


async def test_a_box_without_its_tick_is_off(visitor: Visitor, portal: Portal) -> None:
    await visitor.post("/queues", {k: v for k, v in SALES.items() if k != "join_empty"})
    assert (await portal.queues.get("sales")).fields.join_empty is False


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_each_strategy_has_words(visitor: Visitor, strategy: str) -> None:
    answer = await visitor.post("/queues", {**SALES, "strategy": strategy}, htmx=True)
    assert STRATEGIES[strategy] in words(await answer.text())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a b"),
        ("number", ""),
        ("number", "1002"),
        ("timeout", "4"),
        ("timeout", ""),
        ("wrap_up", "soon"),
        ("music", "a b"),
        ("max_wait", "-1"),
        ("announce_every", "9"),
        ("service_level", "0"),
        ("fallback", "9999"),
        ("agents", "101, 109"),
        ("agents", "101:99"),
        ("extensions", "1009"),
    ],
)
async def test_errors_stand_beside_their_field_and_what_was_typed_stays(
    visitor: Visitor, portal: Portal, field: str, value: str
) -> None:
    answer = await visitor.post("/queues", {**SALES, field: value}, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert marked(text) == [field]
    assert f'value="{value}"' in text
    assert await portal.queues.all() == []


async def test_a_strategy_that_nobody_offers_is_refused(visitor: Visitor) -> None:
    answer = await visitor.post("/queues", {**SALES, "strategy": "nobody"}, htmx=True)
    assert (answer.status, marked(await answer.text())) == (422, ["strategy"])


async def test_a_queue_is_changed_unless_somebody_else_did(
    visitor: Visitor, portal: Portal
) -> None:
    await visitor.post("/queues", SALES)
    change = {**SALES, "agents": "102", "version": "1"}
    answer = await visitor.post("/queues/sales", change, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Changes saved")
    stale = await visitor.post("/queues/sales", change | {"agents": "101"}, htmx=True)
    text = await stale.text()
    assert stale.status == 422
    assert "Queue sales was changed meanwhile." in text
    assert 'value="101"' in text
    assert (await portal.queues.get("sales")).fields.agents == ["102"]


async def test_many_members_are_counted_and_the_first_are_shown(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, *map(str, range(1010, 1020)))
    members = ", ".join(map(str, range(1010, 1020)))
    await portal.queues.create(admin, {"name": "sales", "number": "600", "extensions": members})
    assert "10: 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017 …" in words(await page_of(visitor))
    question = await page_of(visitor, "/queues/sales/delete")
    assert f"Its calls are taken by {members}." in question


async def test_who_waits_and_who_takes_calls_must_be_ticked(
    visitor: Visitor, portal: Portal, queue_board: QueueBoard
) -> None:
    await visitor.post("/queues", SALES)
    waiting = [caller("1.1", time.time()), caller("1.2", time.time())]
    queue_board.heard(ONLY_NODE, [], waiting)
    question = await (await visitor.get("/queues/sales/delete", htmx=True)).text()
    assert asked(question) == {"known-waiting": False, "known-members:1": False}
    assert "2 callers wait in it now." in question
    assert "Its calls are taken by 101, 102, 1002." in question
    refused = await visitor.post("/queues/sales/delete", {"known-members:1": "on"}, htmx=True)
    assert refused.status == 422
    assert asked(await refused.text()) == {"known-waiting": False, "known-members:1": True}
    both = dict.fromkeys(asked(question), "on")
    answer = await visitor.post("/queues/sales/delete", both, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Queue deleted")
    assert await portal.queues.all() == []
    assert await portal.agents.queues_of("101") == []
    assert await Queue.all().count() == await QueueMember.all().count() == 0


async def test_who_became_a_member_meanwhile_is_asked_about(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await visitor.post("/queues", SALES)
    ticked = asked(await page_of(visitor, "/queues/sales/delete"))
    await portal.queues.update(admin, "sales", {"extensions": "1001"})
    refused = await visitor.post("/queues/sales/delete", dict.fromkeys(ticked, "on"), htmx=True)
    text = await refused.text()
    assert (refused.status, list(asked(text).values())) == (422, [False])
    assert "Its calls are taken by 101, 102, 1001." in text


async def test_a_queue_that_calls_are_sent_to_cannot_be_deleted(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await portal.queues.create(admin, {"name": "sales", "number": "600"})
    await add(extensions, admin, "1003", forward_all="600")
    await portal.inbound.update(admin, {"unknown_did": "600"})
    question = await page_of(visitor, "/queues/sales/delete")
    assert "Queue sales is in use" in question
    assert "extension 1003" in question
    assert "calls to unknown DIDs" in question
    await visitor.post("/queues/sales/delete", htmx=True)
    assert [each.name for each in await portal.queues.all()] == ["sales"]


async def test_an_operator_reads_and_changes_nothing(
    operator: Visitor, portal: Portal, admin: Actor
) -> None:
    await portal.queues.create(admin, {"name": "sales", "number": "600"})
    text = await page_of(operator)
    assert names(text) == ["sales"]
    assert "/queues/sales/" not in text
    for path in ("/queues", "/queues/sales", "/queues/sales/delete"):
        assert (await operator.post(path, SALES)).status == 403


async def test_it_is_no_page_of_a_user(person: Visitor) -> None:
    assert (await person.get("/queues")).status == 403
    assert (await person.post("/queues", SALES)).status == 403


async def test_no_queue_without_the_sessions_token(visitor: Visitor, portal: Portal) -> None:
    assert (await visitor.post("/queues", {**SALES, "csrf": ""})).status == 403
    assert await portal.queues.all() == []
