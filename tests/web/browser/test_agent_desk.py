"""The desk that logs agents in and out and pauses them, and what follows, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.events import EventBus
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.fakes.ami_actions import AmiActions
from tests.rig.agents import managed, with_agents
from tests.rig.queue_events import IN_USE, member
from tests.web.browser.screen import fits
from tests.web.browser.visit import DESK, PHONE, signed_in
from tests.web.conftest import Prepared
from tests.web.test_wallboard import tell
from tests.web.visitor import Client
from web.app import Portal

BOTH = pytest.mark.parametrize("options", [DESK, PHONE])
HERE = "PJSIP/1001"


@pytest.fixture
def link() -> AmiActions:
    return AmiActions()


@pytest.fixture
def portal(portal: Portal, link: AmiActions) -> Portal:
    """Its Asterisk takes every action."""
    return managed(portal, link)


@pytest.fixture(autouse=True)
async def _ada(
    portal: Portal, extensions: Extensions, admin: Actor, queue_board: QueueBoard
) -> None:
    """Agent 101 takes calls of sales, and may log in at 1001."""
    await extensions.update(admin, "1001", {"agent_logins": True})
    await with_agents(portal, admin, "101")
    await portal.queues.create(admin, {"name": "sales", "number": "600", "agents": "101"})
    queue_board.heard(ONLY_NODE, [], [])
    queue_board.take_changes()


@pytest.fixture
async def page(
    browser: Browser, client: Client, prepared: Prepared, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The agents, as the administrator sees them."""
    async with signed_in(browser, client, prepared.token, "/agents", **options) as page:
        yield page


@BOTH
async def test_who_is_logged_in_by_the_desk_is_seen_there_and_in_the_list(
    page: Page, bus: EventBus, queue_board: QueueBoard, link: AmiActions
) -> None:
    change = page.get_by_label("Log in, out or pause agent 101")
    await change.click()
    dialog = page.get_by_role("dialog", name="Agent 101, Ada Lovelace")
    await expect(dialog).to_be_visible()
    await fits(page)
    extension = dialog.get_by_label("At extension")
    await extension.fill("1002")
    await page.keyboard.press("Enter")
    await expect(extension).to_have_accessible_description(
        "Agents may not log in at extension 1002."
    )
    await extension.fill("1001")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("status")).to_have_text("Agent 101 is logged in at 1001.")
    assert link.taken()[1] == ("QueueAdd", "sales", HERE, "Agent/101", "0")
    queue_board.member_is(ONLY_NODE, member("101", "1001"))
    tell(bus, queue_board)
    await expect(dialog.locator("#desk-state-101")).to_have_text("Readyat 1001")
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_be_hidden()
    await expect(change).to_be_focused()
    await expect(page.locator("#agent-state-101")).to_have_text("Readyat 1001")


@BOTH
async def test_who_is_logged_in_is_paused_made_ready_and_logged_out(
    page: Page, bus: EventBus, queue_board: QueueBoard, link: AmiActions
) -> None:
    queue_board.member_is(ONLY_NODE, member("101", "1001"))
    await page.get_by_label("Log in, out or pause agent 101").click()
    dialog = page.get_by_role("dialog", name="Agent 101, Ada Lovelace")
    await fits(page)
    await dialog.get_by_label("Reason").select_option("Lunch")
    await dialog.get_by_role("button", name="Pause").click()
    await expect(dialog.get_by_role("status")).to_have_text("Agent 101 is paused.")
    queue_board.member_is(ONLY_NODE, member("101", "1001", paused=True, reason="Lunch"))
    tell(bus, queue_board)
    await expect(dialog.locator("#desk-state-101")).to_contain_text("Paused (Lunch)")
    await dialog.get_by_role("button", name="Close").click()
    await page.get_by_label("Log in, out or pause agent 101").click()
    await dialog.get_by_role("button", name="Ready again").click()
    await expect(dialog.get_by_role("status")).to_have_text("Agent 101 gets calls.")
    await dialog.get_by_role("button", name="Log out").click()
    await expect(dialog.get_by_role("status")).to_have_text("Agent 101 is logged out.")
    assert link.taken() == [
        ("QueuePause", HERE, "true", "Lunch"),
        ("QueuePause", HERE, "false"),
        ("QueueRemove", "sales", HERE),
        ("DBDel", "agent/101"),
        ("DBDel", "since/101"),
        ("DBDel", f"device/{HERE}"),
    ]


@pytest.mark.parametrize("options", [DESK])
async def test_what_can_be_done_follows_what_the_agent_does(
    page: Page, bus: EventBus, queue_board: QueueBoard
) -> None:
    async def offers(*names: str) -> None:
        shown = [*names, "Close"]
        await expect(dialog.get_by_role("button")).to_have_text(shown, use_inner_text=True)

    await page.get_by_label("Log in, out or pause agent 101").click()
    dialog = page.get_by_role("dialog", name="Agent 101, Ada Lovelace")
    await offers("Log in")
    queue_board.member_is(ONLY_NODE, member("101", "1001"))
    tell(bus, queue_board)
    await offers("Move", "Pause", "Log out")
    queue_board.member_is(ONLY_NODE, member("101", "1001", paused=True, status=IN_USE))
    tell(bus, queue_board)
    await offers("Move", "Ready again", "Log out")
    queue_board.member_gone(ONLY_NODE, "sales", HERE)
    tell(bus, queue_board)
    await offers("Log in")


@pytest.mark.parametrize("options", [DESK])
async def test_the_agent_cell_of_an_extension_follows_by_itself(
    page: Page, client: Client, bus: EventBus, queue_board: QueueBoard
) -> None:
    async with page.expect_response("**/live*"):
        await page.goto(str(client.make_url("/extensions")))
    cell = page.locator("#agent-1001")
    await expect(cell).to_have_text("No")
    queue_board.member_is(ONLY_NODE, member("101", "1001"))
    tell(bus, queue_board)
    await expect(cell).to_have_text("Yes101 · Ready")
    queue_board.member_is(ONLY_NODE, member("101", "1001", paused=True, reason="Lunch"))
    tell(bus, queue_board)
    await expect(cell).to_have_text("Yes101 · Paused (Lunch)")
    queue_board.member_gone(ONLY_NODE, "sales", HERE)
    tell(bus, queue_board)
    await expect(cell).to_have_text("No")


@pytest.mark.parametrize("options", [PHONE | {"java_script_enabled": False}])
async def test_without_scripts_it_is_a_page(page: Page, link: AmiActions) -> None:
    await page.get_by_label("Log in, out or pause agent 101").click()
    await expect(page.get_by_role("heading", name="Agent 101, Ada Lovelace")).to_be_visible()
    await fits(page)
    await page.get_by_label("At extension").fill("1001")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_text("Agent 101 is logged in at 1001.")).to_be_visible()
    assert link.taken()[1][0] == "QueueAdd"
