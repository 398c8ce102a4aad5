"""Invitations in a real browser: the row, the dialog, the page of the invited person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.browser import open_page
from tests.rig.invitations import MAKE, mailed_token
from tests.web.browser.screen import fits, registered, row, save
from tests.web.browser.visit import DESK, PHONE
from tests.web.visitor import Client

ADA = "ada.lovelace@example.org"


@pytest.fixture(autouse=True)
async def _softphone(
    _three_extensions: None, extensions: Extensions, admin: Actor, mirror: EagerMirror
) -> None:
    await save(extensions, admin, "1001", "Ada", **MAKE)
    registered(mirror, "1001")


@pytest.fixture
async def elsewhere_open(browser: Browser, options: dict[str, Any]) -> AsyncIterator[Page]:
    """The browser of the person who is invited."""
    async with open_page(browser, **options) as page:
        yield page


@pytest.mark.parametrize("options", [PHONE, DESK], ids=["phone", "desk"])
async def test_from_the_row_to_the_password_without_a_reload(
    page: Page, elsewhere_open: Page, client: Client
) -> None:
    await page.evaluate("window.isStillThere = true")
    tag = row(page, "1001").locator(".tag.invitation")
    await page.get_by_label("Send the invitation e-mail for extension 1001").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("E-mail")).to_be_focused()
    await expect(dialog).to_contain_text("A device is registered as 1001 now")
    await dialog.get_by_label("E-mail").fill("ada")
    await page.keyboard.press("Enter")
    await expect(dialog.locator(".error")).to_have_text(
        "Enter an e-mail address, such as ada@example.com."
    )
    await dialog.get_by_label("E-mail").fill(ADA)
    await dialog.get_by_role("button", name="Send the invitation e-mail").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#notice")).to_have_text("Invitation stored, and on its way")
    await expect(tag).to_have_text("Invitation queued")
    invited = elsewhere_open
    await invited.goto(str(client.make_url(f"/invitation/{await mailed_token()}")))
    await expect(tag).to_have_text("Invitation opened")
    await fits(invited)
    await invited.get_by_role("button", name="Show my user name and password").click()
    await expect(invited.get_by_label("Username", exact=True)).to_have_value("1001")
    await expect(tag).to_have_text("Invitation claimed")
    await invited.get_by_text("Another softphone").click()
    await expect(invited.get_by_role("img", name="QR code of the SIP address")).to_be_visible()
    await fits(invited)
    await page.get_by_label("Send the invitation e-mail for extension 1001").click()
    await expect(dialog).to_contain_text("Ends the page that shows the password.")
    await dialog.get_by_role("button", name="Revoke").click()
    await expect(page.locator("#notice")).to_have_text("Invitation revoked")
    await invited.reload()
    await expect(invited.get_by_role("heading")).to_have_text("This link was used already")
    await fits(page)
    assert await page.evaluate("window.isStillThere"), "the list was loaded anew"
