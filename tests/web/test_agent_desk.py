"""The dialog by which managers log agents in and out and pause them."""

from __future__ import annotations

import re

import pytest

from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.people import User
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.db.people import audited
from tests.fakes.ami_actions import AmiActions
from tests.rig.agents import managed, with_agents
from tests.rig.queue_events import IN_USE, member
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal

HERE = "PJSIP/1001"
ACTIONS = ("log-in", "log-out", "pause", "ready")


@pytest.fixture
def link() -> AmiActions:
    return AmiActions()


@pytest.fixture
def portal(portal: Portal, link: AmiActions) -> Portal:
    """101 is a manager, if somebody is agent 101."""
    return managed(portal, link)


@pytest.fixture(autouse=True)
async def _agents(
    portal: Portal, extensions: Extensions, admin: Actor, queue_board: QueueBoard
) -> None:
    """Two agents of sales, one phone where they may log in; Asterisk is heard."""
    await add(extensions, admin, "1001", agent_logins=True)
    await add(extensions, admin, "1002")
    await with_agents(portal, admin, "101", "102")
    await portal.queues.create(admin, {"name": "sales", "number": "600", "agents": "101 102"})
    queue_board.heard(ONLY_NODE, [], [])


async def is_agent(login: str, number: str, portal: Portal, admin: Actor) -> None:
    assert await User.filter(login=login).exists()
    await portal.agents.update(admin, number, {"user": login})


def marks(text: str) -> list[str]:
    """Return by which the style sheet shows what can be done."""
    found = re.search(r'<span class="agent-state[^>]*>', text)
    assert found
    return re.findall(r"data-(\w+)", found[0])


async def test_who_is_logged_out_can_be_logged_in(visitor: Visitor, link: AmiActions) -> None:
    text = await (await visitor.get("/agents/102/desk", htmx=True)).text()
    assert "Agent 102, Ada Lovelace" in text
    assert "Takes calls of sales." in text
    assert marks(text) == []
    assert '<option value="1001">' in text
    assert "1002" not in text, "agents may not log in there"
    answer = await visitor.post("/agents/102/log-in", {"extension": "1001"}, htmx=True)
    assert answer.status == 200
    assert "Agent 102 is logged in at 1001." in await answer.text()
    assert link.sent[1] == ("QueueAdd", "sales", HERE, "Agent/102", "0")
    (entry,) = await audited("agent.logged-in")
    assert (entry.actor, entry.subject) == ("admin", "102")


async def test_who_is_logged_in_can_be_paused_with_a_reason_and_logged_out(
    visitor: Visitor, link: AmiActions, queue_board: QueueBoard
) -> None:
    queue_board.member_is(ONLY_NODE, member("102", "1001"))
    text = await (await visitor.get("/agents/102/desk", htmx=True)).text()
    assert marks(text) == ["here"]
    assert re.findall(r"<option[^>]*>(\w+)</option>", text) == ["none", "Break", "Lunch"]
    answer = await visitor.post("/agents/102/pause", {"reason": "Lunch"}, htmx=True)
    assert "Agent 102 is paused." in await answer.text()
    assert link.taken() == [("QueuePause", HERE, "true", "Lunch")]
    answer = await visitor.post("/agents/102/log-out", htmx=True)
    assert "Agent 102 is logged out." in await answer.text()
    assert link.taken()[0] == ("QueueRemove", "sales", HERE)


async def test_who_is_paused_can_be_made_ready(
    visitor: Visitor, link: AmiActions, queue_board: QueueBoard
) -> None:
    queue_board.member_is(ONLY_NODE, member("102", "1001", paused=True, reason="Lunch"))
    text = await (await visitor.get("/agents/102/desk", htmx=True)).text()
    assert "Paused (Lunch)" in text
    assert marks(text) == ["here", "paused"]
    answer = await visitor.post("/agents/102/ready", htmx=True)
    assert "Agent 102 gets calls." in await answer.text()
    assert link.taken() == [("QueuePause", HERE, "false")]


async def test_who_was_paused_amid_a_call_can_be_made_ready_before_it_ends(
    visitor: Visitor, queue_board: QueueBoard
) -> None:
    talks = member("102", "1001", status=IN_USE, paused=True, reason="Lunch")
    queue_board.member_is(ONLY_NODE, talks)
    text = await (await visitor.get("/agents/102/desk", htmx=True)).text()
    assert "On call" in text
    assert marks(text) == ["here", "paused"]


async def test_where_they_may_not_log_in_is_said_beside_the_field(
    visitor: Visitor, link: AmiActions
) -> None:
    for extension, why in (
        ("1002", "Agents may not log in at extension 1002."),
        ('"><b>', "There is no such extension."),
    ):
        answer = await visitor.post("/agents/102/log-in", {"extension": extension}, htmx=True)
        text = await answer.text()
        assert answer.status == 422
        assert re.search(rf'id="desk-extension-error"[^>]*>{re.escape(why)}<', text)
        assert '"><b>' not in text
    assert link.sent == []


async def test_what_asterisk_says_against_it_is_a_sentence(
    visitor: Visitor, link: AmiActions, queue_board: QueueBoard
) -> None:
    answer = await visitor.post("/agents/102/log-out", htmx=True)
    assert answer.status == 422
    assert "Agent 102 is not logged in." in await answer.text()
    link.refused["QueueAdd"] = "Permission denied"
    answer = await visitor.post("/agents/102/log-in", {"extension": "1001"}, htmx=True)
    text = await answer.text()
    assert "Asterisk answered QueueAdd: Permission denied." in text
    assert 'value="1001"' in text, "what was typed stays"
    queue_board.lost(ONLY_NODE, "The connection was refused.")
    answer = await visitor.post("/agents/102/pause", htmx=True)
    assert "The connection was refused." in await answer.text()


async def test_a_plain_browser_gets_a_whole_page(visitor: Visitor) -> None:
    text = await (await visitor.get("/agents/102/desk")).text()
    assert "<html" in text
    assert "hx-post" not in text.partition("<main")[2]
    answer = await visitor.post("/agents/102/log-in", {"extension": "1001"})
    assert answer.status == 200
    assert "<html" in await answer.text()


async def test_of_an_agent_who_is_not_there_there_is_no_dialog(visitor: Visitor) -> None:
    assert (await visitor.get("/agents/999/desk")).status == 404
    for action in ACTIONS:
        assert (await visitor.post(f"/agents/999/{action}", {"extension": "1001"})).status == 404


async def each_answer(who: Visitor) -> set[int]:
    """Return how all that there is answers, for an agent who is logged out."""
    found = {(await who.get("/agents/102/desk")).status}
    for action in ACTIONS:
        answer = await who.post(f"/agents/102/{action}", {"extension": "1001"}, htmx=True)
        found.add(answer.status)
    return found


async def test_an_operator_may_do_all_of_it(operator: Visitor, link: AmiActions) -> None:
    answer = await operator.post("/agents/102/log-in", {"extension": "1001"}, htmx=True)
    assert answer.status == 200
    (entry,) = await audited("agent.logged-in")
    assert entry.actor == "operator"


async def test_a_user_whose_agent_is_a_manager_may_do_all_of_it(
    person: Visitor, portal: Portal, admin: Actor, link: AmiActions
) -> None:
    await is_agent("user", "101", portal, admin)
    assert (await person.get("/agents/102/desk")).status == 200
    answer = await person.post("/agents/102/log-in", {"extension": "1001"}, htmx=True)
    assert answer.status == 200
    assert link.taken()[1][0] == "QueueAdd"
    (entry,) = await audited("agent.logged-in")
    assert entry.actor == "user"


@pytest.mark.parametrize("agent", ["", "102"])
async def test_no_other_user_may_not_even_for_themselves(
    person: Visitor, portal: Portal, admin: Actor, link: AmiActions, agent: str
) -> None:
    if agent:
        await is_agent("user", agent, portal, admin)
    assert await each_answer(person) == {403}
    assert link.sent == []


async def test_whoever_is_no_manager_any_more_may_not_from_the_next_click_on(
    person: Visitor, portal: Portal, admin: Actor
) -> None:
    await is_agent("user", "101", portal, admin)
    assert (await person.get("/agents/102/desk")).status == 200
    await portal.agents.update(admin, "101", {"user": ""})
    assert await each_answer(person) == {403}


async def test_a_stranger_is_asked_to_sign_in(stranger: Visitor) -> None:
    assert (await stranger.get("/agents/102/desk")).status == 303


async def test_nothing_is_done_without_the_sessions_token(
    visitor: Visitor, link: AmiActions
) -> None:
    for action in ACTIONS:
        answer = await visitor.post(f"/agents/102/{action}", {"extension": "1001", "csrf": ""})
        assert answer.status == 403
    assert link.sent == []
