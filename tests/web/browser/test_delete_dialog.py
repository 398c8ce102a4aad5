"""Deleting an extension, in a real browser: OK waits for every tick."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.rig.extensions import delete_knowingly
from tests.web.browser.screen import row, save

PHONE = {"width": 390, "height": 844}


async def test_deleting_asks_first(page: Page, extensions: Extensions) -> None:
    delete = page.get_by_role("link", name="Delete extension 1002")
    dialog = page.get_by_role("dialog", name="Delete extension 1002?")
    await delete.click()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_be_hidden()
    await expect(delete).to_be_focused()
    await delete.click()
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await delete.click()
    await dialog.get_by_role("button", name="OK, delete").click()
    await expect(row(page, "1002")).to_have_count(0)
    await expect(page.locator("#notice")).to_have_text("Extension deleted")
    assert sorted(await extensions.monitored()) == ["1001", "1003"]


async def test_after_a_deletion_the_focus_is_on_the_next_row_or_the_previous(page: Page) -> None:
    ok = page.get_by_role("button", name="OK, delete")
    for number, then in (
        ("1002", page.get_by_label("Edit extension 1003")),
        ("1003", page.get_by_label("Edit extension 1001")),
        ("1001", page.get_by_role("button", name="New Extension")),
    ):
        await page.get_by_label(f"Edit extension {number}").focus()
        await page.keyboard.press("Delete")
        await ok.click()
        await expect(row(page, number)).to_have_count(0)
        await expect(then).to_be_focused()


async def test_deleting_what_is_gone_says_so(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await page.get_by_label("Delete extension 1002").click()
    ok = page.get_by_role("button", name="OK, delete")
    await expect(ok).to_be_visible()
    await delete_knowingly(extensions, admin, "1002")
    await ok.click()
    await expect(page.locator("#notice")).to_contain_text("There is no extension 1002.")
    await expect(row(page, "1002")).to_have_count(0)


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}])
async def test_ok_waits_until_every_use_is_ticked(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await save(extensions, admin, "1001", "Ada", forward_all="1002")
    await save(extensions, admin, "1002", "Grace", voicemail=True, voicemail_pin="4711")
    await page.get_by_label("Delete extension 1002").click()
    dialog = page.get_by_role("dialog", name="Delete extension 1002?")
    ok = dialog.get_by_role("button", name="OK, delete")
    await expect(ok).to_be_disabled()
    await expect(dialog.get_by_role("heading")).to_be_in_viewport()
    await dialog.get_by_label("Voicemail box 1002").check()
    await expect(ok).to_be_disabled()
    await dialog.get_by_label("Extension 1001 forwards calls to 1002.").check()
    await expect(ok).to_be_enabled()
    await dialog.get_by_label("Voicemail box 1002").uncheck()
    await expect(ok).to_be_disabled()
    await dialog.get_by_label("Voicemail box 1002").check()
    await ok.click()
    await expect(dialog).to_be_hidden()
    await expect(row(page, "1002")).to_have_count(0)
    await expect(page.locator("#notice")).to_have_text("Extension deleted")
    assert (await extensions.get("1001")).forward_all == ""


async def test_a_use_that_is_new_keeps_the_dialog_open(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await save(extensions, admin, "1001", "Ada", forward_all="1002")
    await page.get_by_label("Delete extension 1002").click()
    dialog = page.get_by_role("dialog", name="Delete extension 1002?")
    await dialog.get_by_label("Extension 1001 forwards").check()
    await save(extensions, admin, "1003", "Edith", twinning_number="1002")
    await dialog.get_by_role("button", name="OK, delete").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was deleted.")
    await expect(dialog.get_by_label("Extension 1001 forwards")).to_be_checked()
    fresh = dialog.get_by_label("Extension 1003 rings 1002 too.")
    await expect(fresh).not_to_be_checked()
    await expect(dialog.get_by_role("button", name="OK, delete")).to_be_disabled()
    await fresh.check()
    await dialog.get_by_role("button", name="OK, delete").click()
    await expect(row(page, "1002")).to_have_count(0)
    assert sorted(await extensions.monitored()) == ["1001", "1003"]


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_the_ticks_are_asked_for_as_well(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await save(extensions, admin, "1001", "Ada", forward_all="1002")
    await page.get_by_label("Delete extension 1002").click()
    await page.get_by_role("button", name="OK, delete").click()
    tick = page.get_by_label("Extension 1001 forwards")
    await expect(tick).to_be_focused()  # the browser's own "tick this box"
    assert "1002" in await extensions.monitored()
    await tick.check()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("Extension deleted")
    assert "1002" not in await extensions.monitored()
