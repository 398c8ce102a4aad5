"""The Queues screen in a real browser: by keyboard, on a desk and on a phone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.rig.queue_events import caller
from tests.web.browser.screen import fits, widen
from tests.web.browser.visit import DESK, PHONE, signed_in
from tests.web.conftest import Prepared
from tests.web.forms import add
from tests.web.visitor import Client
from web.app import Portal

BOTH = pytest.mark.parametrize("options", [DESK, PHONE])
SALES = {"name": "sales", "number": "600", "agents": "101, 102:5", "extensions": "1001"}


@pytest.fixture(autouse=True)
async def _members(portal: Portal, admin: Actor) -> None:
    for number in ("101", "102"):
        name = {"first_name": "Ada", "last_name": "Lovelace", "pin": "8642"}
        await portal.agents.create(admin, {"number": number, **name})


@pytest.fixture
async def page(
    browser: Browser, client: Client, prepared: Prepared, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The queues, as the administrator sees them."""
    async with signed_in(browser, client, prepared.token, "/queues", **options) as page:
        yield page


@BOTH
async def test_a_queue_is_created_and_the_first_wrong_field_has_the_focus(
    page: Page, portal: Portal
) -> None:
    await page.get_by_role("button", name="New queue").click()
    await expect(page.locator("#name-new_record")).to_be_focused()
    await page.keyboard.type("sales")
    await page.keyboard.press("Tab")
    await page.keyboard.type("600")
    await page.get_by_label("Strategy").select_option(label="In turn, from the last one on")
    await page.get_by_label("Agents", exact=True).fill("101, 109")
    await page.get_by_label("Extensions", exact=True).fill("1001")
    await page.get_by_label("Callers may wait").uncheck()
    await page.get_by_role("button", name="Save").click()
    agents = page.get_by_label("Agents", exact=True)
    await expect(agents).to_be_focused()
    await expect(agents).to_have_accessible_description("There is no agent 109.")
    await expect(page.get_by_label("Strategy")).to_have_value("rrmemory")
    await expect(page.get_by_label("Callers may wait")).not_to_be_checked()
    await fits(page)
    await agents.fill("101, 102:5")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Queue created")
    row = page.locator("#record-sales")
    await expect(row).to_contain_text("101, 102:5")
    await expect(row).to_contain_text("In turn, from the last one on")
    await fits(page)
    fields = (await portal.queues.get("sales")).fields
    assert (fields.number, fields.agents, fields.join_empty) == ("600", ["101", "102:5"], False)


@BOTH
async def test_editing_changes_what_was_typed_and_nothing_else(
    page: Page, portal: Portal, admin: Actor
) -> None:
    stored = (await portal.queues.create(admin, SALES)).fields
    edit = page.get_by_label("Edit queue sales")
    await edit.click()
    await expect(page.get_by_label("Number", exact=True)).to_be_focused()
    await expect(page.get_by_label("Max wait")).to_have_value("")
    await page.get_by_label("Announced position").fill("60")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await expect(edit).to_be_focused()
    changed = (await portal.queues.get("sales")).fields
    assert changed == stored.model_copy(update={"announce_every": 60})


@BOTH
async def test_who_deletes_a_queue_says_that_they_know_who_waits(
    page: Page, portal: Portal, admin: Actor, queue_board: QueueBoard
) -> None:
    await portal.queues.create(admin, SALES)
    queue_board.heard(ONLY_NODE, [], [caller("1.1", time.time())])
    await page.get_by_label("Delete queue sales").click()
    dialog = page.get_by_role("dialog", name="Delete queue sales?")
    await fits(page)
    await dialog.get_by_label("One caller waits in it now.").check()
    await dialog.get_by_role("button", name="OK, delete").click()
    members = dialog.get_by_label("Its calls are taken by 101, 102, 1001.")
    await expect(members).to_be_focused()
    assert await portal.queues.all()
    await members.check()
    await dialog.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Queue deleted")
    await expect(page.locator("#list-foot")).to_contain_text("There is no queue yet.")
    assert await portal.queues.all() == []


@pytest.mark.parametrize("options", [DESK])
async def test_what_sends_calls_to_it_is_named_and_it_stays(
    page: Page, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await portal.queues.create(admin, SALES)
    await add(extensions, admin, "1010", forward_all="600")
    await page.get_by_label("Delete queue sales").click()
    dialog = page.get_by_role("dialog", name="Queue sales is in use")
    await expect(dialog).to_contain_text("extension 1010")
    await dialog.get_by_role("button", name="Close").click()
    await expect(page.locator("#record-sales")).to_be_visible()


@pytest.mark.parametrize("options", [DESK])
async def test_no_page_is_wider_than_the_screen(
    page: Page, client: Client, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    many = [str(number) for number in range(2000, 2012)]
    await add(extensions, admin, *many)
    long = {"name": "w" * 30, "number": "6" * 20, "extensions": ", ".join(many)}
    await portal.queues.create(admin, SALES)
    await portal.queues.create(admin, long)
    for path in (
        "/queues",
        f"/queues/{'w' * 30}/edit",
        "/queues/new",
        f"/queues/{'w' * 30}/delete",
    ):
        await page.goto(str(client.make_url(path)))
        for width in (390, 769, 961, 1121, 1280):
            await widen(page, width)
            await fits(page)


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_forms_and_links_still_work(page: Page) -> None:
    await page.get_by_role("button", name="New queue").click()
    await page.locator("#name-new_record").fill("sales")
    await page.locator("#number-new_record").fill("600")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Queue created")
    await page.get_by_label("Edit queue sales").click()
    await page.locator("#agents-sales").fill("101")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#record-sales")).to_contain_text("101")
    await page.get_by_label("Delete queue sales").click()
    await page.get_by_label("Its calls are taken by 101.").check()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Queue deleted")
