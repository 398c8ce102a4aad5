"""What is typed into an editor is not lost by accident, in a real browser."""

from __future__ import annotations

from playwright.async_api import Dialog, Page, expect

from tests.web.browser.screen import order, row


async def test_searching_does_not_throw_away_an_open_editor(page: Page) -> None:
    await page.get_by_label("Edit extension 1001").click()
    await page.locator("#caller_id_name-1001").fill("Half typed")
    await page.get_by_role("searchbox").press_sequentially("grace")
    await expect(page.locator("#notice")).to_contain_text("Save or cancel")
    await expect(page.locator("#caller_id_name-1001")).to_have_value("Half typed")
    await page.locator("[data-cancel]").click()
    await expect(row(page, "1001")).to_have_count(0)
    assert await order(page) == ["1002"]
    await expect(page.locator("#notice")).to_be_empty()
    await expect(page.get_by_role("searchbox")).to_be_focused()


async def test_a_page_that_was_asked_for_while_an_editor_was_open_comes_after_the_last_of_them(
    page: Page,
) -> None:
    await page.get_by_label("Edit extension 1001").click()
    # Of two editors that are on their way, the later one takes the focus.
    await expect(page.locator("#caller_id_name-1001")).to_be_focused()
    await page.get_by_role("button", name="New Extension").click()
    await expect(page.locator("#number-new-extension")).to_be_focused()
    await page.get_by_role("link", name="CallerID Name").click()
    await expect(page.locator("#notice")).to_contain_text("Save or cancel")
    await row(page, "1001").get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    assert await order(page) == ["new-extension", "1001", "1002", "1003"]
    await page.locator("#number-new-extension").press("Escape")
    await expect(page.locator("th[aria-sort=ascending]")).to_have_text("CallerID Name")
    assert await order(page) == ["1001", "1003", "1002"]


async def test_escape_asks_before_it_discards_what_was_changed(page: Page) -> None:
    asked: list[str] = []
    answers = [False, True]

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await (dialog.accept() if answers.pop(0) else dialog.dismiss())

    page.on("dialog", answer)
    await page.get_by_label("Edit extension 1001").click()
    name = page.locator("#caller_id_name-1001")
    await name.fill("Half typed")
    await name.press("Escape")
    await expect(name).to_have_value("Half typed")
    await name.press("Escape")
    await expect(name).to_have_count(0)
    assert asked == ["Discard what you changed?"] * 2
    await page.get_by_label("Edit extension 1001").click()
    await name.press("Escape")  # nothing was changed: nothing to ask
    await expect(name).to_have_count(0)


async def test_leaving_the_page_asks_while_something_is_not_saved(page: Page) -> None:
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    await page.get_by_label("Edit extension 1001").click()
    await page.locator("#monitored-1001").evaluate("box => box.click()")
    page.on("dialog", stay)
    await page.get_by_role("link", name="Users").click()
    await expect(page.locator("#monitored-1001")).not_to_be_checked()
    assert asked == ["beforeunload"]
    await page.locator("#monitored-1001").evaluate("box => box.click()")
    await page.get_by_role("link", name="Users").click()
    await expect(page.get_by_role("heading", name="Users")).to_be_visible()
    assert asked == ["beforeunload"]
