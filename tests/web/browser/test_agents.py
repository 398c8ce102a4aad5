"""The Agents screen in a real browser: by keyboard, live, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.events import EventBus
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.actor import Actor
from pbxbridge.settings import ONLY_NODE
from tests.rig.queue_events import IN_USE, member
from tests.web.browser.screen import fits, widen
from tests.web.browser.visit import DESK, PHONE, signed_in
from tests.web.conftest import Prepared
from tests.web.test_wallboard import tell
from tests.web.visitor import Client
from web.app import Portal

BOTH = pytest.mark.parametrize("options", [DESK, PHONE])
NO_SCRIPT = {"java_script_enabled": False}


@pytest.fixture
async def page(
    browser: Browser, client: Client, prepared: Prepared, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The agents, as the administrator sees them."""
    async with signed_in(browser, client, prepared.token, "/agents", **options) as page:
        yield page


async def ada(portal: Portal, admin: Actor, *queues: str, **fields: str) -> None:
    """Have agent 101, and queues whose calls are theirs."""
    wanted = {"number": "101", "first_name": "Ada", "last_name": "Lovelace", "pin": "8642"}
    await portal.agents.create(admin, wanted | fields)
    for number, name in enumerate(queues, start=600):
        await portal.queues.create(admin, {"name": name, "number": str(number), "agents": "101"})


@BOTH
async def test_an_agent_is_created_by_keyboard(page: Page, portal: Portal) -> None:
    await page.get_by_role("button", name="New agent").click()
    await expect(page.locator("#number-new_record")).to_be_focused()
    for typed in ("101", "Ada", "Lovelace"):
        await page.keyboard.type(typed)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    pin = page.locator("#pin-new_record")
    await expect(pin).to_be_focused()
    await expect(pin).to_have_accessible_description(
        "Enter the PIN that the agent types to log in."
    )
    await fits(page)
    await page.keyboard.type("8642")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Agent created")
    await expect(page.locator("form.editor")).to_have_count(0)
    await expect(page.locator("#record-101")).to_contain_text("Ada Lovelace")
    await expect(page.locator("#licences")).to_contain_text("1 agent.")
    await fits(page)
    [agent] = await portal.agents.all()
    assert (agent.name, agent.fields.last_name) == ("101", "Lovelace")


@BOTH
async def test_editing_keeps_the_number_and_the_pin_and_the_focus_comes_back(
    page: Page, portal: Portal, admin: Actor
) -> None:
    await ada(portal, admin)
    edit = page.get_by_label("Edit agent 101")
    await edit.click()
    await expect(page.locator("#first_name-101")).to_be_focused()
    await expect(page.locator("#number-101")).not_to_be_editable()
    await expect(page.locator("#pin-101")).to_have_value("")
    await fits(page)
    await page.locator("#last_name-101").fill("Byron")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await expect(page.locator("#record-101")).to_contain_text("Ada Byron")
    await expect(edit).to_be_focused()


@pytest.mark.parametrize("options", [DESK])
async def test_the_state_is_live_and_takes_no_focus(
    page: Page, portal: Portal, admin: Actor, bus: EventBus, queue_board: QueueBoard
) -> None:
    await ada(portal, admin, "sales")
    state = page.locator("#agent-state-101")
    await expect(state).to_have_text("Logged out")
    change = page.get_by_label("Log in, out or pause agent 101")
    await change.focus()
    for is_now, shown in (
        (member("101", "1001"), "Readyat 1001"),
        (member("101", "1001", status=IN_USE), "On callat 1001"),
        (member("101", "1001", paused=True, reason="Lunch"), "Paused (Lunch)at 1001"),
    ):
        queue_board.member_is(ONLY_NODE, is_now)
        tell(bus, queue_board)
        await expect(state).to_have_text(shown)
    queue_board.member_gone(ONLY_NODE, "sales", "PJSIP/1001")
    tell(bus, queue_board)
    await expect(state).to_have_text("Logged out")
    await expect(change).to_be_focused()


@pytest.mark.parametrize("options", [DESK])
async def test_what_somebody_else_changes_in_queues_is_seen(
    page: Page, portal: Portal, admin: Actor
) -> None:
    await ada(portal, admin, "sales", "support")
    row = page.locator("#record-101")
    await expect(row).to_contain_text("sales, support")
    await portal.queues.update(admin, "sales", {"agents": ""})
    await expect(row).not_to_contain_text("sales")
    await portal.agents.delete(admin, "101")
    await expect(row).to_have_count(0)


@BOTH
async def test_who_is_in_queues_is_deleted_after_each_is_ticked(
    page: Page, portal: Portal, admin: Actor, bus: EventBus, queue_board: QueueBoard
) -> None:
    await ada(portal, admin, "sales")
    queue_board.heard(ONLY_NODE, [member("101", "1001")], [])
    await page.get_by_label("Delete agent 101").click()
    dialog = page.get_by_role("dialog", name="Delete agent 101?")
    await expect(dialog.get_by_role("checkbox")).to_have_count(2)
    await fits(page)
    delete = dialog.get_by_role("button", name="OK, delete")
    await delete.click()
    in_sales = dialog.get_by_label("Agent 101 takes calls of queue sales.")
    await expect(in_sales).to_be_focused()
    await in_sales.check()
    await dialog.get_by_label("Agent 101 is logged in at 1001: Ready.").check()
    # Meanwhile the agent moved to another desk: that is not what was ticked.
    queue_board.heard(ONLY_NODE, [member("101", "1002")], [])
    tell(bus, queue_board)
    await delete.click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was deleted.")
    await expect(in_sales).to_be_checked()
    await dialog.get_by_label("Agent 101 is logged in at 1002: Ready.").check()
    await dialog.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Agent deleted")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#list-foot")).to_contain_text("There is no agent yet.")
    assert (await portal.queues.get("sales")).fields.agents == []


@pytest.mark.parametrize("options", [DESK])
async def test_no_page_is_wider_than_the_screen(
    page: Page, client: Client, portal: Portal, admin: Actor, queue_board: QueueBoard
) -> None:
    long = {"first_name": "W" * 40, "last_name": "W" * 40, "number": "1" * 20}
    await ada(portal, admin, *(f"night-service-of-the-house-{n:02}" for n in range(20)))
    await ada(portal, admin, **long)
    lunch = "A pause with a long name of its own"
    queue_board.heard(ONLY_NODE, [member("101", "1" * 20, paused=True, reason=lunch)], [])
    for path in ("/agents", "/agents/101/edit", "/agents/new", "/agents/101/delete"):
        await page.goto(str(client.make_url(path)))
        for width in (390, 769, 961, 1121, 1280):
            await widen(page, width)
            await fits(page)


@pytest.mark.parametrize("options", [NO_SCRIPT])
async def test_without_scripts_forms_and_links_still_work(page: Page) -> None:
    await page.get_by_role("button", name="New agent").click()
    for name, typed in (("number", "101"), ("first_name", "Ada"), ("last_name", "B"), ("pin", "")):
        await page.locator(f"#{name}-new_record").fill(typed)
    await page.get_by_role("button", name="Save").click()
    await page.locator("#pin-new_record").fill("8642")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Agent created")
    await page.get_by_label("Delete agent 101").click()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Agent deleted")
