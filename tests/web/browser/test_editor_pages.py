"""An editor that was opened before the scripts of the list were there has a page of its own.

What is saved there, or given up, leads back to the list, which follows what others do.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.browser.screen import row, save


async def go(page: Page, path: str) -> None:
    await page.goto(page.url.rstrip("/").removesuffix("/extensions") + path)


async def test_a_new_extension_leads_back_to_a_list_that_is_live(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await go(page, "/extensions/new-extension")
    await page.locator("#number-new-extension").fill("1001")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Nothing was saved")
    await page.locator("#number-new-extension").fill("1004")
    await page.locator("#caller_id_name-new-extension").fill("Joan")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#secret-1004")).to_be_visible()
    await page.get_by_text("Done", exact=True).click()
    await page.wait_for_url("**/extensions?search=1004")
    await save(extensions, admin, "1004", "Joan Clarke")
    await expect(row(page, "1004")).to_contain_text("Joan Clarke")


async def test_a_changed_extension_leads_back_to_its_row(page: Page) -> None:
    await go(page, "/extensions/1001/edit")
    await page.locator("#caller_id_name-1001").fill("Ada Lovelace")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/extensions?search=1001**")
    await expect(row(page, "1001")).to_contain_text("Ada Lovelace")
    await expect(page.locator("#notice")).to_contain_text("Changes saved")


@pytest.mark.parametrize(
    ("path", "field", "button", "back"),
    [
        ("/users/new", "Login", "Save", "/users"),
        ("/users/user/edit", "", "Cancel", "/users?search=user"),
        ("/classes/new", "Name", "Save", "/classes"),
        ("/classes/internal/edit", "", "Cancel", "/classes"),
    ],
)
async def test_the_other_lists_have_such_pages_too(
    page: Page, path: str, field: str, button: str, back: str
) -> None:
    await go(page, path)
    if field:
        await page.get_by_label(field, exact=True).fill("newcomer")
    await page.locator("form.editor").get_by_role("button", name=button, exact=True).click()
    done = page.get_by_text("Done", exact=True)
    await expect(done.or_(page.locator("#list")).first).to_be_visible()
    if await done.is_visible():
        await done.click()
    await page.wait_for_url(f"**{back}**")
    await expect(page.locator("#list")).to_be_visible()
