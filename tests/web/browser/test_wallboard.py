"""The wallboard in a real browser: it goes on by itself, on every screen."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, expect

from pbxbridge.events import CallCentreSaved, EventBus
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.call_centre import Agent, CallQueue, QueueAgent
from pbxbridge.models.people import User
from pbxbridge.services.people import Role
from pbxbridge.settings import ONLY_NODE
from tests.db.mail_rows import running
from tests.rig.call_centre import queue_row
from tests.rig.queue_events import IN_USE, caller, member
from tests.rig.queue_log import entered
from tests.web.browser.screen import fits
from tests.web.browser.visit import DESK, PHONE, signed_in
from tests.web.conftest import Prepared
from tests.web.test_wallboard import tell
from tests.web.visitor import Client
from web.app import Portal

WALL = {"viewport": {"width": 1920, "height": 1080}}
NO_SCRIPT = {"java_script_enabled": False}


@pytest.fixture(autouse=True)
async def _queues(portal: Portal, queue_board: QueueBoard) -> AsyncIterator[None]:
    """Two queues; Ada takes calls of one of them."""
    await queue_row("sales", "600")
    await queue_row("night-service-with-a-long-name", "601")
    await Agent.create(number="101", first_name="Ada", last_name="Lovelace", pin_hash="")
    await QueueAgent.create(queue_id="sales", agent_id="101", penalty=0)
    queue_board.heard(ONLY_NODE, [member("101", "1001")], [])
    async with running(portal.wallboard):
        yield


@pytest.fixture
async def wall(
    browser: Browser, client: Client, prepared: Prepared, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The wallboard of all queues."""
    async with signed_in(browser, client, prepared.token, "/wallboard", **options) as page:
        yield page


async def test_a_wait_goes_on_and_is_late_by_itself(
    wall: Page, bus: EventBus, queue_board: QueueBoard
) -> None:
    tile = wall.get_by_role("region", name="sales 600")
    await expect(tile.locator(".callers dd")).to_have_text("0")
    queue_board.caller_joined(ONLY_NODE, caller("1.1", time.time() - 18))
    tell(bus, queue_board)
    await expect(tile.locator(".callers dd")).to_have_text("1")
    await expect(tile.locator(".wait")).to_have_text(re.compile(r"0:(18|19|20)"))
    await expect(tile).not_to_have_class(re.compile("late"))
    await expect(tile).to_have_class(re.compile("late"))
    await expect(tile.get_by_text("over 0:20")).to_be_visible()
    queue_board.caller_left(ONLY_NODE, "sales", "1.1")
    tell(bus, queue_board)
    await expect(tile).not_to_have_class(re.compile("late"))
    await expect(tile.get_by_text("over 0:20")).to_be_hidden()


async def test_a_screen_whose_clock_is_wrong_shows_the_right_wait(
    wall: Page, bus: EventBus, queue_board: QueueBoard
) -> None:
    await wall.clock.install(time=0)
    await wall.reload()
    queue_board.caller_joined(ONLY_NODE, caller("1.1", time.time() - 65))
    tell(bus, queue_board)
    await expect(wall.locator(".late .wait")).to_have_text(re.compile("1:0."))


async def test_a_queue_that_is_created_appears_and_one_that_is_deleted_goes(
    wall: Page, bus: EventBus
) -> None:
    tiles = wall.locator(".tile")
    await expect(tiles).to_have_count(2)
    link = wall.get_by_role("link", name="sales")
    await link.focus()
    await queue_row("new", "602")
    bus.publish(CallCentreSaved())
    await expect(tiles).to_have_count(3)
    await expect(link).to_be_focused()
    await CallQueue.filter(name="new").delete()
    bus.publish(CallCentreSaved())
    await expect(tiles).to_have_count(2)


async def test_an_agents_state_changes_without_taking_the_focus(
    wall: Page, bus: EventBus, queue_board: QueueBoard
) -> None:
    async with wall.expect_response("**/live*"):
        await wall.get_by_role("link", name="sales").press("Enter")
    ada = wall.get_by_role("listitem").filter(has_text="Ada Lovelace")
    await expect(ada.locator(".doing")).to_have_text("Ready")
    link = ada.get_by_role("link")
    await link.focus()
    queue_board.member_is(ONLY_NODE, member("101", "1001", paused=True, reason="Lunch"))
    tell(bus, queue_board)
    await expect(ada.locator(".doing")).to_have_text("PausedLunch")
    await expect(link).to_be_focused()
    await link.press("Enter")
    await expect(wall.get_by_role("dialog")).to_contain_text("101")


@pytest.mark.parametrize("options", [NO_SCRIPT])
async def test_without_scripts_it_shows_one_moment(
    wall: Page, bus: EventBus, queue_board: QueueBoard, options: dict[str, Any]
) -> None:
    queue_board.caller_joined(ONLY_NODE, caller("1.1", time.time() - 65))
    tell(bus, queue_board)
    await wall.reload()
    await expect(wall.locator(".late .wait")).to_have_text(re.compile("1:0."))
    await expect(wall.locator(".late .over")).to_be_visible()


@pytest.mark.parametrize("options", [PHONE, DESK, WALL])
async def test_nothing_sticks_out(
    wall: Page, client: Client, queue_board: QueueBoard, options: dict[str, Any]
) -> None:
    old = [caller(f"1.{number}", time.time() - 4000) for number in range(120)]
    queue_board.heard(ONLY_NODE, [member("101", "1001", status=IN_USE)], old)
    for path in ("/wallboard", "/wallboard/sales", "/queue-calls"):
        await wall.goto(str(client.make_url(path)))
        await fits(wall)
        wide = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
        assert await wall.locator(".figures, .figures *").evaluate_all(wide) == 0, path


@pytest.mark.parametrize("options", [WALL])
async def test_a_wall_shows_twenty_queues_at_once(
    wall: Page, bus: EventBus, options: dict[str, Any]
) -> None:
    for number in range(18):
        await queue_row(f"queue-{number:02}", str(610 + number))
    bus.publish(CallCentreSaved())
    await wall.reload()
    await expect(wall.locator(".tile")).to_have_count(20)
    assert await wall.evaluate("document.documentElement.scrollHeight") <= 1080
    tall = "all => all.filter(one => one.scrollHeight > one.clientHeight + 1).length"
    assert await wall.locator(".tile").evaluate_all(tall) == 0


async def test_a_call_is_found_by_keyboard(page: Page, client: Client) -> None:
    for number, who in enumerate(("0301234", "0409999")):
        await entered(f"1.{number}", who, at=datetime.now(UTC))
    await page.goto(str(client.make_url("/queue-calls")))
    await expect(page.locator("tbody.entry")).to_have_count(2)
    await page.get_by_label("Caller or agent").focus()
    await page.keyboard.type("040")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody.entry")).to_have_count(1)
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download CSV").press("Enter")
    download = await downloading.value
    assert download.suggested_filename.startswith("queue-calls-")


async def test_who_cannot_change_anything_keeps_the_page_on_the_wall(
    browser: Browser, client: Client, prepared: Prepared
) -> None:
    token = prepared.tokens[Role.OPERATOR]
    async with signed_in(browser, client, token, "/wallboard") as page:
        await page.clock.install()
        await page.reload()
        async with page.expect_request(_keeps_alive):
            await page.clock.fast_forward("05:00")


async def test_who_is_no_agent_any_more_sees_no_figures_that_stand_still(
    browser: Browser, client: Client, prepared: Prepared, bus: EventBus
) -> None:
    await Agent.filter(number="101").update(user=await User.get(login="user"))
    async with signed_in(browser, client, prepared.tokens[Role.USER], "/wallboard") as page:
        await expect(page.get_by_role("region", name="sales 600")).to_be_visible()
        await Agent.filter(number="101").update(user_id=None)
        bus.publish(CallCentreSaved())
        await expect(page.get_by_text("The wallboard is for agents")).to_be_visible()


def _keeps_alive(request: Request) -> bool:
    """Whether it counts as that somebody is there."""
    return request.url.endswith("/wallboard") and "x-background" not in request.headers
