"""Trunks, routes, classes of service and phone groups, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.plan import ensure_built_in
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.browser import open_page
from tests.web.browser.screen import fits, widen
from tests.web.calling import with_route, with_trunk
from tests.web.conftest import Prepared
from tests.web.visitor import Client
from web.app import Portal

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
BOTH = pytest.mark.parametrize("options", [{"viewport": DESK}, {"viewport": PHONE}])
PAGES = ("/classes", "/routes", "/trunks", "/groups", "/inbound", "/help")


@pytest.fixture(autouse=True)
async def _built_in(_three_extensions: None) -> None:
    await ensure_built_in()


@pytest.fixture
async def page(
    browser: Browser, client: Client, prepared: Prepared, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The trunks, as the administrator sees them."""
    async with open_page(browser, **options) as page:
        home = str(client.make_url("/"))
        await page.context.add_cookies([{"name": "session", "value": prepared.token, "url": home}])
        await page.goto(f"{home}trunks")
        yield page


async def go(page: Page, label: str) -> None:
    await page.get_by_role("navigation", name="Pages of this part").get_by_text(label).click()
    await page.wait_for_load_state("load")


async def saved(page: Page, notice: str) -> None:
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text(notice)
    await expect(page.locator("form.editor")).to_have_count(0)


@BOTH
async def test_from_a_trunk_to_a_class_that_may_use_it(page: Page, portal: Portal) -> None:
    await page.get_by_role("button", name="New trunk").click()
    await expect(page.locator("#name-new_record")).to_be_focused()
    await page.keyboard.type("carrier")
    await page.keyboard.press("Enter")
    host = page.locator("#host-new_record")
    await expect(host).to_be_focused()
    await expect(host).to_have_accessible_description("Enter the carrier's host name or address.")
    await fits(page)
    await host.fill("sip.carrier.example")
    await saved(page, "Trunk created")
    await expect(page.locator("#record-carrier")).to_contain_text("sip.carrier.example:5060")

    await go(page, "Routes")
    await page.get_by_role("button", name="New route").click()
    await page.locator("#name-new_record").fill("national")
    await page.locator("#pattern-new_record").fill("_0[1-9]X.")
    await page.locator("#strip-new_record").fill("1")
    await page.locator("#prepend-new_record").fill("0049")
    await page.locator("#trunks-new_record").fill("carrier")
    await fits(page)
    await saved(page, "Route created")
    await expect(page.locator("#record-national")).to_contain_text("strip 1, prepend 0049")

    await go(page, "Classes")
    await page.get_by_role("button", name="New class of service").click()
    await page.locator("#name-new_record").fill("staff")
    await page.get_by_label("national").check()
    await page.get_by_label("Mon", exact=True).check()
    await page.locator("#opens-new_record").fill("08:00")
    await page.locator("#closes-new_record").fill("18:00")
    pin = page.locator("#pin-new_record")
    await expect(pin).to_be_hidden()
    await page.get_by_label("Asks for a PIN").check()
    await pin.fill("4321")
    await fits(page)
    await saved(page, "Class of service created")
    row = page.locator("#record-staff")
    await expect(row).to_contain_text("Mon, 08:00 to 18:00")
    await expect(row.get_by_role("link", name="May it dial")).to_be_visible()
    assert (await portal.classes.get("staff")).fields.routes == ["national"]


@BOTH
async def test_editing_opens_in_the_row_and_the_focus_comes_back(
    page: Page, portal: Portal, admin: Actor
) -> None:
    await with_trunk(portal, admin)
    await page.reload()
    edit = page.get_by_label("Edit trunk carrier")
    await edit.click()
    description = page.locator("#description-carrier")
    await expect(description).to_be_focused()
    await fits(page)
    await description.fill("Main line")
    await saved(page, "Changes saved")
    await expect(page.locator("#record-carrier")).to_contain_text("Main line")
    await expect(edit).to_be_focused()
    await edit.click()
    await expect(description).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("form.editor")).to_have_count(0)
    await expect(edit).to_be_focused()


@BOTH
async def test_what_is_used_cannot_be_deleted(page: Page, portal: Portal, admin: Actor) -> None:
    await with_trunk(portal, admin)
    await with_route(portal, admin)
    await page.reload()
    await page.get_by_label("Delete trunk carrier").click()
    dialog = page.get_by_role("dialog", name="Trunk carrier is in use")
    await expect(dialog).to_contain_text("route national")
    await dialog.get_by_role("button", name="Close").click()
    await go(page, "Routes")
    await page.get_by_label("Delete route national").click()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Route deleted")
    await expect(page.locator("#record-national")).to_have_count(0)
    await expect(page.locator("#list-foot")).to_contain_text("There is no route yet.")


@BOTH
async def test_unknown_dids_and_a_phone_group(page: Page, portal: Portal) -> None:
    await go(page, "Phone groups")
    await page.get_by_role("button", name="New phone group").click()
    await page.locator("#name-new_record").fill("Sales")
    await page.locator("#number-new_record").fill("600")
    await saved(page, "Phone group created")
    await go(page, "Trunks")
    target = page.get_by_label("Unknown DIDs ring")
    await target.fill("601")
    await page.keyboard.press("Enter")
    await expect(target).to_have_accessible_description(
        "There is no extension, phone group or queue 601."
    )
    await target.fill("600")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await fits(page)
    assert (await portal.inbound.get()).fields.unknown_did == "600"


async def test_the_state_of_a_trunk_is_live(
    page: Page, portal: Portal, admin: Actor, mirror: EagerMirror
) -> None:
    await with_trunk(portal, admin)
    # Somebody else made it: the list comes by itself, and so does the state.
    status = page.locator("#status-trunk-carrier")
    await expect(status).to_have_text("")
    await mirror.track_all(await portal.trunks.monitored())
    mirror.contact_changed(ContactReport("trunk-carrier", "sip:192.0.2.7:5060", "Reachable"))
    await expect(status).to_have_text("OK")
    await portal.trunks.delete(admin, "carrier")
    await expect(status).to_have_count(0)


async def test_no_page_is_wider_than_the_screen(
    page: Page, client: Client, portal: Portal, admin: Actor
) -> None:
    await with_trunk(portal, admin)
    await with_route(portal, admin, description="Calls within the country")
    for path in (*PAGES, "/classes/internal/edit", "/routes/national/edit"):
        await page.goto(str(client.make_url(path)))
        for width in (390, 769, 961, 1100, 1121, 1280):
            await widen(page, width)
            await fits(page)


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_forms_and_links_still_work(page: Page) -> None:
    await page.get_by_role("button", name="New trunk").click()
    await page.locator("#name-new_record").fill("carrier")
    await page.locator("#host-new_record").fill("sip.carrier.example")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Trunk created")
    await page.get_by_label("Edit trunk carrier").click()
    await page.locator("#description-carrier").fill("Main line")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#record-carrier")).to_contain_text("Main line")
    await page.get_by_label("Delete trunk carrier").click()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Trunk deleted")
