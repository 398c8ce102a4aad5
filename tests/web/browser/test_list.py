"""The list in a real browser: what changes by itself, searching, small screens, no scripts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import APIResponse, Browser, Page, Route, expect

from pbxbridge.events import ExtensionSaved
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.eventually import eventually
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.browser import open_page
from tests.rig.extensions import delete_knowingly
from tests.rig.ports import free_ports
from tests.web.browser.screen import order, registered, row, save
from tests.web.conftest import IDLE, Clock, Prepared
from tests.web.visitor import Client
from web.app import Portal, make_app
from web.pages.live import MOST_ROWS


async def test_a_state_changes_in_place_and_moves_nothing(page: Page, mirror: EagerMirror) -> None:
    await page.evaluate("window.loadedOnce = true")
    boxes = [await row(page, number).bounding_box() for number in ("1001", "1002")]
    for status, shown in (("Reachable", "OK"), ("Unreachable", "UNREACHABLE")):
        registered(mirror, "1001", status)
        await expect(page.locator("#status-1001")).to_have_text(shown)
        await expect(page.locator("#ip-1001")).to_have_text("198.251.100.250")
        await expect(page.locator("#port-1001")).to_have_text("45060")
        after = [await row(page, number).bounding_box() for number in ("1001", "1002")]
        assert after == boxes
    assert await page.evaluate("window.loadedOnce")


async def test_a_list_that_comes_late_puts_no_old_state_in_the_place_of_a_new_one(
    page: Page, portal: Portal, mirror: EagerMirror
) -> None:
    held: list[tuple[Route, APIResponse]] = []

    async def hold(route: Route) -> None:
        if "x-background" in route.request.headers and not held:
            held.append((route, await route.fetch()))
        else:
            await route.continue_()

    await page.route("**/*", hold)
    portal.bus.publish(ExtensionSaved("1002", monitored=True))
    await eventually(lambda: held)
    registered(mirror, "1001", "Reachable")
    await expect(page.locator("#status-1001")).to_have_text("OK")
    route, old = held[0]
    async with page.expect_response(lambda answer: "x-background" in answer.request.headers):
        await route.fulfill(response=old)
    await expect(page.locator("#status-1001")).to_have_text("OK")


async def test_what_changes_while_the_states_are_asked_for_is_asked_for_again(
    page: Page, board: Board, mirror: EagerMirror
) -> None:
    held: list[tuple[Route, APIResponse]] = []

    async def hold(route: Route) -> None:
        if held:
            await route.continue_()
        else:
            held.append((route, await route.fetch()))

    await page.route("**/live/states?*", hold)
    board.link_changed(ONLY_NODE, LinkState(False, datetime.now(UTC), "Connection refused."))
    await eventually(lambda: held)
    registered(mirror, "1001")
    board.link_changed(ONLY_NODE, LinkState(True, datetime.now(UTC)))
    await expect(page.locator("#link")).to_contain_text("Asterisk is connected")
    # Told after the states, and so shown after the browser heard of those.
    registered(mirror, "1003")
    await expect(page.locator("#status-1003")).to_have_text("OK")
    route, old = held[0]
    async with page.expect_request("**/live/states?*"):
        await route.fulfill(response=old)
    await expect(page.locator("#status-1001")).to_have_text("OK")


async def test_after_a_storm_the_newest_state_stays_whatever_was_told_before(
    page: Page, portal: Portal, mirror: EagerMirror
) -> None:
    registered(mirror, "1001")
    await expect(page.locator("#status-1001")).to_have_text("OK")
    others = [str(number) for number in range(5001, 5002 + MOST_ROWS)]
    for number in others:
        mirror.track(number, monitored=True)
    for number in ("1001", *others):
        registered(mirror, number, "Unreachable")
    await expect(page.locator("#status-1001")).to_have_text("UNREACHABLE")
    async with page.expect_response(lambda answer: "x-background" in answer.request.headers):
        portal.bus.publish(ExtensionSaved("1002", monitored=True))
    async with page.expect_response(lambda answer: "x-background" in answer.request.headers):
        portal.bus.publish(ExtensionSaved("1002", monitored=True))
    await expect(page.locator("#status-1001")).to_have_text("UNREACHABLE")


async def test_what_happened_before_the_stream_began_is_shown(
    browser: Browser, client: Client, prepared: Prepared, mirror: EagerMirror
) -> None:
    async with open_page(browser) as page:
        home = str(client.make_url("/"))
        await page.context.add_cookies([{"name": "session", "value": prepared.token, "url": home}])
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        await page.route("**/live", hold)
        await page.goto(home)
        registered(mirror, "1001")
        await expect(page.locator("#status-1001")).to_have_text("")
        await held[0].continue_()
        await expect(page.locator("#status-1001")).to_have_text("OK")


async def test_an_open_editor_outlives_what_others_do(
    page: Page, extensions: Extensions, admin: Actor, mirror: EagerMirror
) -> None:
    await page.get_by_label("Edit extension 1001").click()
    name = page.locator("#caller_id_name-1001")
    await name.fill("Half typ")
    await save(extensions, admin, "1002", "Somebody else")
    await save(extensions, admin, "1000", "Newcomer")
    await delete_knowingly(extensions, admin, "1003")
    await expect(row(page, "1002")).to_contain_text("Somebody else")
    await expect(row(page, "1000")).to_be_visible()
    await expect(row(page, "1003")).to_have_count(0)
    assert await order(page) == ["1000", "1001", "1002"]
    await save(extensions, admin, "1001", "Changed elsewhere")
    await expect(row(page, "1001").locator(".row")).to_contain_text("Changed elsewhere")
    registered(mirror, "1001")
    await expect(page.locator("#status-1001")).to_have_text("OK")
    await expect(name).to_be_focused()
    await page.keyboard.type("ed")
    await expect(name).to_have_value("Half typed")


async def test_a_row_that_is_replaced_keeps_the_focus(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await page.get_by_label("Edit extension 1001").focus()
    await save(extensions, admin, "1001", "Changed")
    await expect(row(page, "1001")).to_contain_text("Changed")
    await expect(page.get_by_label("Edit extension 1001")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#caller_id_name-1001")).to_have_value("Changed")


@pytest.mark.parametrize("options", [{"timezone_id": "Asia/Tokyo"}])
async def test_a_lost_link_is_said_with_local_time_and_the_states_look_old(
    page: Page, portal: Portal, mirror: EagerMirror
) -> None:
    cell = page.locator("#status-1001")
    registered(mirror, "1001")
    await expect(cell).to_have_text("OK")
    await expect(cell).to_have_css("filter", "none")
    mirror.link_down("Connection refused.")
    since = (mirror.link.since + timedelta(hours=9)).strftime("%H:%M")
    await expect(page.locator("#link")).to_contain_text(
        f"Asterisk is not connected since {since} (Connection refused). "
        "Showing the last known state."
    )
    await expect(cell).to_have_css("filter", "grayscale(1)")
    await expect(cell.locator(".status")).to_have_css("outline-style", "dashed")
    await expect(cell).to_have_css("opacity", "1")  # grey, but as legible as ever
    mirror.link_up()
    await expect(page.locator("#link")).to_have_text("Asterisk is connected")
    await expect(cell).to_have_css("filter", "none")


async def test_searching_while_typing(page: Page) -> None:
    await page.get_by_role("searchbox").press_sequentially("edi")
    await expect(page.locator("tbody.extension")).to_have_count(1)
    await expect(row(page, "1003")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/extensions\?search=edi$"))
    await expect(page.get_by_role("searchbox")).to_be_focused()


async def test_the_filter_offers_users(page: Page) -> None:
    await page.get_by_label("User", exact=True).press_sequentially("oper")
    offers = page.locator("#filter-users option")
    await expect(offers).to_have_count(1)
    await expect(offers).to_have_attribute("value", "operator")


async def test_filters_order_and_page_are_in_the_address_and_nothing_is_loaded_anew(
    page: Page, extensions: Extensions, admin: Actor, mirror: EagerMirror
) -> None:
    await save(extensions, admin, "1004", "Zoe", device_type="IAX2")
    await page.evaluate("window.loadedOnce = true")
    await page.get_by_label("Device Type", exact=True).select_option("SIP")
    await expect(page).to_have_url(re.compile(r"/extensions\?device_type=SIP$"))
    await expect(row(page, "1004")).to_have_count(0)
    await page.get_by_role("link", name="CallerID Name").click()
    await expect(page).to_have_url(re.compile(r"\?device_type=SIP&sort=caller_id_name$"))
    await expect(page.locator("th[aria-sort=ascending]")).to_have_text("CallerID Name")
    assert await order(page) == ["1001", "1003", "1002"]
    await expect(page.get_by_role("link", name="CallerID Name")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("th[aria-sort=descending]")).to_have_text("CallerID Name")
    assert await order(page) == ["1002", "1003", "1001"]
    await page.get_by_label("Device Type", exact=True).select_option("")
    await expect(row(page, "1004")).to_be_visible()
    assert await order(page) == ["1004", "1002", "1003", "1001"]
    await expect(page).to_have_url(re.compile(r"/extensions\?sort=-caller_id_name$"))
    registered(mirror, "1003")
    await page.get_by_label("Status", exact=True).select_option("OK")
    await expect(page.locator("tbody.extension")).to_have_count(1)
    await page.get_by_label("User", exact=True).fill("nobody")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("No extension is like that.")).to_be_visible()
    assert await page.evaluate("window.loadedOnce")
    await page.reload()
    await expect(page.get_by_label("Status", exact=True)).to_have_value("OK")
    await expect(page.get_by_label("User", exact=True)).to_have_value("nobody")


async def test_paging_goes_on_and_back_with_the_browsers_own_button(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    for number in range(2001, 2030):
        await save(extensions, admin, str(number), f"Desk {number}")
    await page.get_by_label("Extensions on a page").select_option("25")
    await expect(page).to_have_url(re.compile(r"\?per_page=25$"))
    await expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    await page.get_by_role("link", name="Next").click()
    await expect(page).to_have_url(re.compile(r"\?per_page=25&page=2$"))
    await expect(page.get_by_text("Page 2 of 2 · 32 extensions")).to_be_visible()
    await expect(page.locator("tbody.extension")).to_have_count(7)
    await page.go_back()
    await expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    await page.go_forward()
    await expect(page.get_by_text("Page 2 of 2")).to_be_visible()


async def test_rows_are_reached_edited_and_deleted_by_keyboard(page: Page) -> None:
    await page.get_by_label("Edit extension 1001").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_label("Edit extension 1002")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_label("Edit extension 1001")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("dialog", name="Delete extension 1002?")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_label("Choose extension 1002").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#caller_id_name-1002")).to_be_focused()
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_the_licences_in_the_head_follow(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await expect(page.locator("#licences")).to_have_text("3 licences used")
    await save(extensions, admin, "1004", "Zoe")
    await expect(page.locator("#licences")).to_have_text("4 licences used")


async def test_an_ended_session_leads_to_the_sign_in_page_and_back(
    page: Page, clock: Clock
) -> None:
    clock.ahead = IDLE + timedelta(seconds=1)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.get_by_label("Login name").fill("admin")


async def test_the_page_recovers_from_a_restart_of_the_portal(
    browser: Browser,
    portal: Portal,
    prepared: Prepared,
    extensions: Extensions,
    admin: Actor,
    mirror: EagerMirror,
) -> None:
    [port] = free_ports(1)
    first: Client = TestClient(TestServer(make_app(portal), port=port))
    await first.start_server()
    async with open_page(browser) as page:
        page.set_default_timeout(15_000)
        home = str(first.make_url("/"))
        await page.context.add_cookies([{"name": "session", "value": prepared.token, "url": home}])
        await page.goto(home)
        await first.close()
        await expect(page.locator("#stream")).to_contain_text(
            "No connection to the portal", timeout=15_000
        )
        await expect(page.locator("#status-1001")).to_have_css("filter", "grayscale(1)")
        registered(mirror, "1001")
        await save(extensions, admin, "1004", "Meanwhile")
        async with TestClient(TestServer(make_app(portal), port=port)):
            await expect(page.locator("#status-1001")).to_have_text("OK", timeout=15_000)
            await expect(row(page, "1004")).to_be_visible()
            await expect(page.locator("#stream")).to_be_empty()


@pytest.mark.usefixtures("_outside")
async def test_a_long_address_is_cut_and_keeps_its_row_low(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    address = "night-desk-of-the-whole-company@department.example.com"
    voicemail = {"voicemail": True, "voicemail_pin": "4711", "voicemail_email": address}
    await save(extensions, admin, "1001", "Ada", **voicemail, forward_all="+15559870000")
    shown = page.get_by_title(address)
    await expect(shown).to_have_text(address)
    box = await row(page, "1001").bounding_box()
    assert box
    assert box["height"] < 60
    forward = page.get_by_title("+15559870000")
    assert await forward.evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_forms_and_links_still_work(
    page: Page, extensions: Extensions
) -> None:
    await page.get_by_role("button", name="New Extension").click()
    await page.locator("#number-new-extension").fill("1000")
    await page.locator("#caller_id_name-new-extension").fill("Plain")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#secret-1000")).to_be_visible()
    await page.get_by_text("Done", exact=True).click()
    await page.get_by_label("Edit extension 1000").click()
    await page.locator("#caller_id_name-1000").fill("Plainer")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await page.get_by_label("Delete extension 1000").click()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Extension deleted")
    assert "1000" not in await extensions.monitored()
