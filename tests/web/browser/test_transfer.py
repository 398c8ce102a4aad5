"""Import and export in a real browser, with and without scripts, wide and narrow."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from pbxbridge.services.extensions import Extensions
from tests.rig.transfer import file_of
from tests.web.browser.screen import fits
from tests.web.forms import numbers

NARROW = {"viewport": {"width": 390, "height": 844}}
ROWS = 10_000
PATIENCE_MS = 120_000


def payload(data: bytes, name: str = "people.csv") -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": data}


async def open_transfer(page: Page) -> None:
    menu = page.get_by_role("button", name="Menu")
    if await menu.is_visible():
        await menu.click()
    await page.get_by_role("link", name="Import/Export").click()
    await expect(page.get_by_role("heading", name="Import and export")).to_be_visible()


async def send(page: Page, data: bytes) -> None:
    await page.get_by_label("CSV file").set_input_files(payload(data))
    await page.get_by_role("button", name="Check the file").click()


@pytest.mark.parametrize("options", [{}, NARROW, {"color_scheme": "dark"}])
async def test_a_file_is_checked_looked_at_and_imported(page: Page, extensions: Extensions) -> None:
    await open_transfer(page)
    await fits(page)
    await send(
        page,
        file_of(
            {"number": "1001", "caller_id_name": "Ada Lovelace", "phone_group": "Sales"},
            {"number": "2001", "caller_id_name": "Emmy", "phone_group": ""},
        ),
    )
    await expect(page.get_by_text("would create 1 extension and change 1.")).to_be_visible()
    await expect(page.get_by_text("SIP extension of Emmy")).to_be_visible()
    await page.get_by_role("link", name="Changed").click()
    await expect(page.get_by_text("Ada Lovelace")).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Import", exact=True).click()
    await expect(page.get_by_text("1 created, 1 changed")).to_be_visible()
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_label("CSV file")).to_be_visible()
    assert await numbers(extensions) == ["1001", "1002", "1003", "2001"]


@pytest.mark.parametrize("options", [{}, NARROW])
async def test_mistakes_are_shown_with_their_rows(page: Page) -> None:
    await open_transfer(page)
    await send(page, file_of({"number": "1001", "caller_id_name": '"', "mac": "nonsense" * 8}))
    await expect(page.get_by_text("2 mistakes.")).to_be_visible()
    table = page.get_by_role("table", name="Mistakes")
    await expect(table.get_by_role("row")).to_have_count(3)
    await expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)
    await fits(page)


async def test_ten_thousand_rows_move_a_bar_that_survives_a_reload(
    page: Page, extensions: Extensions
) -> None:
    page.set_default_timeout(PATIENCE_MS)
    await open_transfer(page)
    rows = ({"number": str(20_000 + n), "caller_id_name": f"Row {n}"} for n in range(ROWS))
    await send(page, file_of(*rows))
    await _watch_bar(page)
    await expect(page.get_by_text(f"would create {ROWS:,}")).to_be_visible(timeout=PATIENCE_MS)
    await page.get_by_role("button", name="Import", exact=True).click()
    await _watch_bar(page)
    await expect(page.get_by_text(f"{ROWS:,} created")).to_be_visible(timeout=PATIENCE_MS)
    assert len(await extensions.monitored()) == ROWS + 3


async def _watch_bar(page: Page) -> None:
    """See the bar, load the page again, and see it where it was or further, or see the result."""
    bar, result = page.get_by_role("progressbar"), page.get_by_role("table", name="New")
    done = page.get_by_text("Imported.")
    await expect(bar.or_(result).or_(done)).to_be_visible()
    await page.reload()
    await expect(bar.or_(result).or_(done)).to_be_visible()


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_the_page_loads_itself_again(
    page: Page, extensions: Extensions
) -> None:
    await open_transfer(page)
    await send(page, file_of({"number": "2001", "caller_id_name": "Emmy"}))
    await expect(page.get_by_text("would create 1")).to_be_visible()
    await page.get_by_role("button", name="Import", exact=True).click()
    await expect(page.get_by_text("1 created")).to_be_visible()
    assert "2001" in await numbers(extensions)


async def test_an_export_is_downloaded_and_imports_to_nothing_to_do(
    page: Page, tmp_path: Path
) -> None:
    await open_transfer(page)
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download CSV").click()
    download = await started.value
    assert download.suggested_filename.startswith("extensions-")
    file = tmp_path / "export.csv"
    await download.save_as(file)
    await page.get_by_label("CSV file").set_input_files(file)
    await page.get_by_label("CSV file").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("There is nothing to do")).to_be_visible()
