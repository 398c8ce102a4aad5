"""Changing many extensions at once, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.browser.screen import row, save

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}])
async def test_chosen_rows_are_changed_together(page: Page, extensions: Extensions) -> None:
    button = page.get_by_role("button", name="Change chosen…")
    await expect(button).to_be_disabled()
    await page.get_by_label("Choose extension 1001").check()
    await page.get_by_label("Choose extension 1003").check()
    await page.get_by_role("button", name="Change 2 chosen…").click()
    dialog = page.get_by_role("dialog", name="Change 2 extensions")
    await expect(dialog.get_by_role("heading")).to_be_in_viewport()
    await dialog.get_by_label("All Call Forward, new value").fill("1003")
    # Whoever types a value means it.
    await expect(dialog.get_by_role("checkbox", name="All Call Forward")).to_be_checked()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(
        "All Call Forward: An extension cannot be forwarded to itself. (1003)"
    )
    await dialog.get_by_label("All Call Forward, new value").fill("1002")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#notice")).to_have_text("2 extensions changed")
    for number in ("1001", "1003"):
        await expect(row(page, number)).to_contain_text("1002")
        assert (await extensions.get(number)).forward_all == "1002"
    assert (await extensions.get("1002")).forward_all == ""


async def test_all_on_the_page_and_all_that_match(page: Page) -> None:
    every = page.get_by_label("All on this page")
    await every.check()
    await expect(page.get_by_role("button", name="Change 3 chosen…")).to_be_enabled()
    await page.get_by_label("Choose extension 1002").uncheck()
    await expect(page.get_by_role("button", name="Change 2 chosen…")).to_be_visible()
    await expect(every).not_to_be_checked()
    await page.get_by_role("searchbox").fill("grace")
    await expect(page.locator("tbody.extension")).to_have_count(1)
    await page.get_by_role("button", name="Change all found…").click()
    await expect(page.get_by_role("dialog", name="Change 1 extension")).to_be_visible()


async def test_a_choice_outlives_what_others_do(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await page.get_by_label("Choose extension 1001").check()
    await page.get_by_label("Choose extension 1002").check()
    await save(extensions, admin, "1001", "Changed elsewhere")
    await expect(row(page, "1001")).to_contain_text("Changed elsewhere")
    await expect(page.get_by_label("Choose extension 1001")).to_be_checked()
    await extensions.delete(admin, "1002")
    await expect(page.get_by_role("button", name="Change 1 chosen…")).to_be_visible()


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_the_same_by_pages(page: Page, extensions: Extensions) -> None:
    await page.get_by_label("Choose extension 1001").check()
    await page.get_by_role("button", name="Change chosen…").click()
    await page.get_by_role("checkbox", name="Ring time").check()
    await page.get_by_label("Ring time, new value").fill("45")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("All changes saved")
    assert (await extensions.get("1001")).ring_time == 45
