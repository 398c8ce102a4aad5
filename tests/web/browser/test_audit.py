"""The Audit screen in a real browser: searching by keyboard, undoing, with and without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.rig.browser import open_page
from tests.web.conftest import Prepared
from tests.web.visitor import Client

PHONE = {"viewport": {"width": 390, "height": 844}}
LONG = "a.very.long.address.of.somebody@a-department-with-a-name.example.com"


@pytest.fixture(autouse=True)
async def _changes(extensions: Extensions, _three_extensions: None) -> None:
    ada = Actor("ada", "2001:db8:85a3:1234:5678:8a2e:370:7334")
    await extensions.update(ada, "1001", {"forward_all": "1002", "phone_group": "Sales"})
    await extensions.update(
        ada, "1002", {"voicemail": True, "voicemail_pin": "4321", "voicemail_email": LONG}
    )


async def go(page: Page, client: Client, path: str) -> None:
    await page.goto(str(client.make_url(path)))


async def test_a_search_and_an_undo_need_no_mouse(
    page: Page, client: Client, extensions: Extensions
) -> None:
    await go(page, client, "/audit")
    await page.get_by_label("Subject").focus()
    await page.keyboard.type("1001")
    await page.keyboard.press("Enter")
    rows = page.locator("tbody.entry")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("Phone Group: empty")
    await rows.first.get_by_role("link", name="Extension changed").press("Enter")
    await page.get_by_role("link", name="Undo this change").press("Enter")
    await expect(page.get_by_role("table")).to_contain_text("Sales")
    await page.get_by_role("button", name="Undo").press("Enter")
    await expect(page.locator("#notice")).to_have_text("Change undone")
    await expect(page.locator("main")).to_contain_text("This undid entry")
    assert (await extensions.get("1001")).phone_group == ""
    await page.get_by_role("link", name="History of 1001").press("Enter")
    await expect(page.locator("tbody.entry")).to_have_count(4)


@pytest.mark.parametrize("options", [{"java_script_enabled": False}, PHONE])
async def test_a_change_can_be_found_and_undone(
    page: Page, client: Client, extensions: Extensions, options: dict[str, Any]
) -> None:
    await go(page, client, "/audit")
    await page.get_by_text("More conditions").click()
    await page.get_by_label("Field that changed").select_option("All Call Forward")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_label("Field that changed")).to_have_value("forward_all")
    changed = page.locator("tbody.entry").filter(has_text="Extension changed")
    await changed.get_by_role("link", name="Extension changed").click()
    await page.get_by_role("link", name="Undo this change").click()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("main")).to_contain_text("This undid entry")
    assert (await extensions.get("1001")).forward_all == ""


async def test_a_wrong_order_of_days_is_heard_with_its_field(page: Page, client: Client) -> None:
    await go(page, client, "/audit?from=2026-02-01&to=2026-01-01")
    last = page.get_by_label("Last day (UTC)")
    await expect(last).to_be_visible()
    await expect(last).to_have_accessible_description("This day is before the first.")
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was searched")


async def test_times_stay_in_utc_wherever_the_reader_is(
    browser: Browser, client: Client, prepared: Prepared
) -> None:
    cells = []
    for zone in ("UTC", "Asia/Tokyo"):
        async with open_page(browser, timezone_id=zone) as page:
            home = str(client.make_url("/"))
            await page.context.add_cookies(
                [{"name": "session", "value": prepared.token, "url": home}]
            )
            await go(page, client, "/audit")
            await expect(page.locator("html")).to_contain_text("Asterisk is connected")
            cells.append(await page.locator("tbody.entry .when").all_inner_texts())
    assert cells[0] == cells[1]


@pytest.mark.parametrize("options", [PHONE, PHONE | {"color_scheme": "dark"}])
async def test_nothing_sticks_out_on_a_phone(
    page: Page, client: Client, options: dict[str, Any]
) -> None:
    await go(page, client, "/audit")
    rows = page.locator("tbody.entry").filter(has_text=LONG)
    entry = await rows.get_by_role("link", name="Extension changed").get_attribute("href")
    for path in ("/audit", "/audit?to=x", f"{entry}", f"{entry}/undo"):
        await go(page, client, path)
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wider) == 0, path
