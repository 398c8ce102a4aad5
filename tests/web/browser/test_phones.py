"""Desk phones in a real browser: the list, the dialog with its address, make and model."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.web.browser.screen import fits, registered, row, save
from tests.web.browser.visit import DESK, PHONE
from tests.web.visitor import Client

MAC, SHOWN = "0004f2a1b2c3", "00:04:f2:a1:b2:c3"
ADDRESS = re.compile(r"^https://pbx\.example\.com/provision/[A-Za-z0-9_-]{43}$")


@pytest.fixture(autouse=True)
async def _phones(_three_extensions: None, extensions: Extensions, admin: Actor) -> None:
    yealink = {"mac": MAC, "phone_make": "Yealink", "phone_model": "SIP-T46U"}
    await save(extensions, admin, "1001", "Ada Lovelace", **yealink)
    virtual = {"mac": MAC, "device_type": "SIP-VIRTUAL", "registration_number": 2}
    await save(extensions, admin, "1002", "Grace Hopper", **virtual)
    snom = {"mac": "000413aabbcc", "phone_make": "Snom", "phone_model": "D735"}
    await save(extensions, admin, "1003", "Edith Clarke", **snom)


@pytest.mark.parametrize("options", [PHONE, DESK], ids=["phone", "desk"])
async def test_an_address_is_made_copied_and_removed(
    page: Page, client: Client, mirror: EagerMirror
) -> None:
    await page.goto(str(client.make_url("/phones")))
    await expect(page.locator("tbody.entry")).to_have_count(2)
    await fits(page)
    await page.get_by_role("searchbox").fill("lovelace")
    await expect(page.locator("tbody.entry")).to_have_count(1)
    await page.get_by_role("link", name=f"Tools of phone {SHOWN}").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="New address").click()
    address = dialog.get_by_label("Address to enter in the phone")
    await expect(address).to_have_value(ADDRESS)
    await dialog.get_by_role("button", name="Copy").click()
    await expect(page.locator("#notice")).to_have_text("Copied")
    await fits(page)
    await dialog.get_by_role("button", name="Resync").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("The phone is not registered")
    await expect(address).to_have_count(0)
    registered(mirror, "1001")
    await dialog.get_by_role("button", name="Resync").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Not connected to Asterisk")
    await dialog.get_by_role("button", name="Remove address").click()
    await expect(dialog.get_by_role("status")).to_have_text("The phone's address is removed.")
    await dialog.get_by_text("Close").click()
    await expect(dialog).to_be_hidden()


async def test_the_tools_of_an_extension_have_its_phone(page: Page) -> None:
    await row(page, "1002").get_by_role("link", name="Tools").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="New address").click()
    await expect(dialog.get_by_label("Address to enter in the phone")).to_have_value(ADDRESS)
    await dialog.get_by_text("Close").click()
    await row(page, "1002").get_by_role("link", name="Tools").click()
    await expect(dialog.get_by_role("button", name="Remove address")).to_be_visible()
    await expect(dialog.get_by_label("Address to enter in the phone")).to_have_count(0)


async def test_models_follow_the_make_and_another_may_be_typed(
    page: Page, extensions: Extensions
) -> None:
    await row(page, "1003").get_by_role("link", name="Edit").click()
    editor = row(page, "1003").locator("form.editor")
    models = editor.locator("#models-1003 option")
    await editor.get_by_label("Phone Model").focus()
    await expect(models.first).to_have_attribute("value", "300")
    await editor.get_by_label("Phone Make").focus()
    await editor.get_by_label("Phone Make").select_option("Polycom")
    await editor.get_by_label("Phone Model").focus()
    await expect(models.first).to_have_attribute("value", "SoundPoint IP 321")
    await editor.get_by_label("Phone Model").fill("VVX of my own")
    await editor.get_by_role("button", name="Save").click()
    await expect(editor).to_have_count(0)
    saved = await extensions.get("1003")
    assert (saved.phone_make, saved.phone_model) == ("Polycom", "VVX of my own")


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_script_it_is_pages(page: Page, client: Client) -> None:
    await page.goto(str(client.make_url(f"/phones/{MAC}")))
    await page.get_by_role("button", name="New address").click()
    await expect(page.get_by_label("Address to enter in the phone")).to_have_value(ADDRESS)
    await page.get_by_text("Close").click()
    await expect(page.get_by_role("heading", name="Phones")).to_be_visible()
    await page.goto(str(client.make_url("/extensions/1003/edit")))
    offered = page.locator("#models-1003 option")
    assert await offered.count() > 100
