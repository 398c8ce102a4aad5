"""The Agents screen as a browser's requests see it, and the Agent cell of extensions."""

from __future__ import annotations

import html
import re

import pytest

from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.fakes.ami_actions import AmiActions
from tests.rig.agents import ADA, managed, with_agents
from tests.rig.queue_events import IN_USE, member
from tests.web.calling import marked, names, notice
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal

SALES = {"name": "sales", "number": "600", "agents": "101 102"}


@pytest.fixture
def portal(portal: Portal) -> Portal:
    """Three agents are licensed; 101 is a manager."""
    return managed(portal, AmiActions(), total=3)


async def page_of(visitor: Visitor, path: str = "/agents") -> str:
    return await (await visitor.get(path)).text()


def cells(text: str, number: str) -> dict[str, str]:
    """Return what an agent's row says, by the names of its columns."""
    row = text.partition(f'id="record-{number}"')[2].partition("</tbody>")[0]
    found = re.findall(r'<td data-label="(\w+)"[^>]*>(.*?)</td>', row, re.DOTALL)
    return {name: " ".join(re.sub("<[^>]*>", " ", said).split()) for name, said in found}


def boxes(text: str) -> dict[str, bool]:
    """Return what must be ticked, and whether it is."""
    found = re.findall(r'<input type="checkbox" name="(known-[^"]*)" required( checked)?>', text)
    return {html.unescape(name): bool(ticked) for name, ticked in found}


async def test_the_list_shows_who_they_are_and_what_they_do(
    visitor: Visitor, portal: Portal, admin: Actor, queue_board: QueueBoard
) -> None:
    await with_agents(portal, admin, "102", "101")
    await portal.agents.update(admin, "101", {"user": "user"})
    await portal.queues.create(admin, SALES)
    await portal.queues.create(admin, {"name": "support", "number": "601", "agents": "101"})
    queue_board.heard(ONLY_NODE, [member("101", "1001", paused=True, reason="Lunch")], [])
    text = await page_of(visitor)
    assert names(text) == ["101", "102"]
    assert cells(text, "101") == {
        "Name": "Ada Lovelace",
        "User": "user",
        "Manager": "Yes",
        "Queues": "sales, support",
        "State": "Paused (Lunch) at 1001 Change…",
    }
    assert cells(text, "102") == {
        "Name": "Ada Lovelace",
        "User": "",
        "Manager": "No",
        "Queues": "sales",
        "State": "Logged out Change…",
    }
    assert "2 of 3 agent licences are in use." in text
    assert ADA["pin"] not in text


async def test_what_is_known_of_a_node_that_is_lost_is_shown_as_old(
    visitor: Visitor, portal: Portal, admin: Actor, queue_board: QueueBoard
) -> None:
    await with_agents(portal, admin, "101")
    queue_board.heard(ONLY_NODE, [member("101", "1001")], [])
    assert 'class="agent-state ready"' in await page_of(visitor)
    queue_board.lost(ONLY_NODE, "Gone.")
    assert 'class="agent-state ready old"' in await page_of(visitor)


async def test_an_agent_is_created_and_changed(visitor: Visitor, portal: Portal) -> None:
    assert "There is no agent yet." in await page_of(visitor)
    answer = await visitor.post("/agents", {**ADA, "user": "user"}, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Agent created")
    assert 'id="record-101"' in await answer.text()
    editor = await (await visitor.get("/agents/101/edit", htmx=True)).text()
    assert "Manager: yes, as the licence says." in editor
    assert "readonly" in editor, "a number does not change"
    assert ADA["pin"] not in editor
    change = {**ADA, "number": "109", "first_name": "Augusta", "pin": "", "version": "1"}
    answer = await visitor.post("/agents/101", change, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Changes saved")
    (stored,) = await portal.agents.all()
    assert (stored.name, stored.fields.first_name, stored.fields.user) == ("101", "Augusta", "user")
    stale = await visitor.post("/agents/101", change | {"first_name": "Ada"}, htmx=True)
    assert stale.status == 422
    assert "Agent 101 was changed meanwhile." in html.unescape(await stale.text())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", ""),
        ("number", "10a"),
        ("number", "*45"),
        ("number", "1" * 21),
        ("first_name", ""),
        ("last_name", "x" * 41),
        ("pin", ""),
        ("pin", "12"),
        ("pin", "12a4"),
        ("user", "nobody"),
    ],
)
async def test_errors_stand_beside_their_field_and_what_was_typed_stays(
    visitor: Visitor, portal: Portal, field: str, value: str
) -> None:
    answer = await visitor.post("/agents", {**ADA, field: value}, htmx=True)
    text = await answer.text()
    assert (answer.status, marked(text)) == (422, [field])
    assert f'value="{value}"' in text
    assert await portal.agents.all() == []


async def test_one_more_than_the_licence_says_is_refused(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_agents(portal, admin, "101", "102", "103")
    answer = await visitor.post("/agents", {**ADA, "number": "104"}, htmx=True)
    text = await answer.text()
    assert (answer.status, marked(text)) == (422, ["number"])
    assert "All 3 licences are in use." in text


async def test_who_is_in_nothing_is_deleted_after_one_question(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_agents(portal, admin, "101")
    question = await (await visitor.get("/agents/101/delete", htmx=True)).text()
    assert "The agent can log in no more." in question
    assert boxes(question) == {}
    answer = await visitor.post("/agents/101/delete", htmx=True)
    assert (answer.status, notice(answer)) == (200, "Agent deleted")
    assert await portal.agents.all() == []


async def test_what_ends_with_an_agent_must_be_ticked(
    visitor: Visitor, portal: Portal, admin: Actor, queue_board: QueueBoard
) -> None:
    await with_agents(portal, admin, "101", "102")
    await portal.queues.create(admin, SALES)
    queue_board.heard(ONLY_NODE, [member("101", "1001", status=IN_USE)], [])
    question = await (await visitor.get("/agents/101/delete", htmx=True)).text()
    assert boxes(question) == {"known-queue:sales": False, "known-login:1001": False}
    assert "Agent 101 takes calls of queue sales." in question
    assert "Agent 101 is logged in at 1001: On call." in question
    path = "/agents/101/delete"
    answer = await visitor.post(path, {"known-queue:sales": "on"}, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert "Nothing was deleted." in text
    assert boxes(text) == {"known-queue:sales": True, "known-login:1001": False}
    queue_board.heard(ONLY_NODE, [member("101", "1002")], [])
    ticked = dict.fromkeys(boxes(question), "on")
    again = await visitor.post(path, ticked, htmx=True)
    assert again.status == 422, "they are at another phone by now"
    assert boxes(await again.text()) == {"known-queue:sales": True, "known-login:1002": False}
    answer = await visitor.post(path, ticked | {"known-login:1002": "on"}, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Agent deleted")
    assert [each.name for each in await portal.agents.all()] == ["102"]
    assert (await portal.queues.get("sales")).fields.agents == ["102"]


async def test_an_operator_reads_and_changes_nothing(
    operator: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_agents(portal, admin, "101")
    text = await page_of(operator)
    assert names(text) == ["101"]
    assert "/agents/101/edit" not in text
    assert "/agents/101/delete" not in text
    assert "New agent" not in text
    for path in ("/agents", "/agents/101", "/agents/101/delete"):
        assert (await operator.post(path, ADA)).status == 403
    assert (await operator.get("/agents/101/edit")).status == 403


@pytest.mark.parametrize("path", ["/agents", "/agents/new", "/agents/101/edit", "/queues"])
async def test_a_user_sees_none_of_it_not_even_a_manager(
    person: Visitor, portal: Portal, admin: Actor, path: str
) -> None:
    await with_agents(portal, admin, "101", user="user")
    assert (await person.get(path)).status == 403


async def test_no_agent_without_the_sessions_token(visitor: Visitor, portal: Portal) -> None:
    assert (await visitor.post("/agents", {**ADA, "csrf": ""})).status == 403
    assert await portal.agents.all() == []


async def test_of_an_agent_who_is_not_there_there_is_no_page(visitor: Visitor) -> None:
    for path in ("/agents/999/edit", "/agents/999/delete", f"/agents/{'1' * 500}/edit"):
        assert (await visitor.get(path)).status == 404


async def test_a_pin_is_never_shown_only_that_it_was_changed(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_agents(portal, admin, "101")
    saved = await visitor.post("/agents/101", {**ADA, "pin": "9753"}, htmx=True)
    paths = ("/agents", "/agents/101/edit", "/audit")
    pages = [await saved.text(), *[await page_of(visitor, path) for path in paths]]
    assert "PIN of an agent changed" in pages[-1]
    for text in pages:
        assert ADA["pin"] not in text
        assert "9753" not in text


@pytest.mark.parametrize("path", ["/agents", "/agents/101/edit", "/agents/101/delete"])
async def test_a_hostile_name_is_text(
    visitor: Visitor, portal: Portal, admin: Actor, path: str
) -> None:
    await with_agents(portal, admin, "101", first_name="<b>", last_name="'\"\\")
    assert "<b>" not in await page_of(visitor, path)


async def test_the_audit_names_what_was_done(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_agents(portal, admin, "101")
    await portal.agents.delete(admin, "101")
    text = await page_of(visitor, "/audit")
    for action in ("created", "deleted", "pin-changed"):
        assert f">agent.{action}<" not in text
    assert ADA["pin"] not in text


class TestTheAgentCellOfAnExtension:
    @pytest.fixture(autouse=True)
    async def _extensions(self, extensions: Extensions, admin: Actor) -> None:
        await add(extensions, admin, "1001", "1002", agent_logins=True)

    @staticmethod
    async def cell(visitor: Visitor, number: str = "1001") -> str:
        text = await page_of(visitor, "/extensions")
        found = re.search(rf'id="agent-{number}">(.*?)</td>', text, re.DOTALL)
        assert found
        return " ".join(re.sub("<[^>]*>", " ", found[1]).split())

    async def test_where_nobody_takes_calls_it_is_no(self, visitor: Visitor) -> None:
        assert await self.cell(visitor) == "No"

    async def test_it_tells_who_is_logged_in_and_what_they_do(
        self, visitor: Visitor, queue_board: QueueBoard
    ) -> None:
        at_lunch = member("101", "1001", paused=True, reason="Lunch")
        queue_board.heard(ONLY_NODE, [at_lunch, member("", "1002")], [])
        assert await self.cell(visitor) == "Yes 101 · Paused (Lunch)"
        assert await self.cell(visitor, "1002") == "Yes Ready"

    async def test_before_a_node_is_heard_the_flag_that_was_kept_is_shown(
        self, visitor: Visitor
    ) -> None:
        await Extension.filter(number="1001").update(agent=True)
        assert await self.cell(visitor) == "Yes"

    async def test_of_a_lost_node_it_is_marked_as_old(
        self, visitor: Visitor, queue_board: QueueBoard
    ) -> None:
        queue_board.heard(ONLY_NODE, [member("101", "1001")], [])
        queue_board.lost(ONLY_NODE, "Gone.")
        assert await self.cell(visitor) == "Yes 101 · Ready"
        assert 'class="sub old"' in await page_of(visitor, "/extensions")

    async def test_the_name_of_whoever_asterisk_says_is_text(
        self, visitor: Visitor, queue_board: QueueBoard
    ) -> None:
        evil = member("<b>x</b>", "1001", paused=True, reason="<script>alert(1)</script>")
        queue_board.heard(ONLY_NODE, [evil], [])
        text = await page_of(visitor, "/extensions")
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert(1)" not in text
        assert "<b>x</b>" not in text
