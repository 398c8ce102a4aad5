"""My extension in a real browser: a page that keeps itself up to date."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.fakes.eager_mirror import EagerMirror
from tests.web.browser.mailbox import MINE, Mailbox
from tests.web.browser.screen import registered
from tests.web.browser.visit import signed_in
from tests.web.conftest import Prepared
from tests.web.visitor import Client


@pytest.fixture
async def me(
    browser: Browser, client: Client, prepared: Prepared, box: Mailbox, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The page of the person whose extension 1001 is: where they land."""
    async with signed_in(browser, client, prepared.tokens[Role.USER], "/", **options) as page:
        yield page


async def test_a_person_lands_on_their_own_extension(me: Page) -> None:
    await expect(me).to_have_url(re.compile("/me$"))
    await expect(me.get_by_role("heading", name=f"{MINE} Ada")).to_be_visible()
    await expect(me.locator("#own-1002")).to_have_count(0)


async def test_the_status_is_live_and_what_others_do_is_not_told(
    me: Page, mirror: EagerMirror
) -> None:
    registered(mirror, MINE)
    await expect(me.locator(f"#status-{MINE}")).to_have_text("OK")
    assert "198.251.100.250" not in await me.content()


async def test_what_an_administrator_changes_appears(
    me: Page, extensions: Extensions, admin: Actor
) -> None:
    await me.get_by_text("Change the voicemail PIN").click()
    await me.get_by_label("New PIN", exact=True).fill("97")
    await extensions.update(admin, MINE, {"forward_all": "1003"})
    await expect(me.locator(f"#own-{MINE} .facts")).to_contain_text("All Call Forward")
    await expect(me.get_by_label("New PIN", exact=True)).to_have_value("97")


async def test_an_extension_that_is_given_or_taken_appears_or_goes(
    me: Page, extensions: Extensions, admin: Actor
) -> None:
    await extensions.update(admin, "1002", {"users": ["user"]})
    await expect(me.locator("#own-1002")).to_be_visible()
    await extensions.update(admin, MINE, {"users": []})
    await expect(me.locator(f"#own-{MINE}")).to_have_count(0)


async def test_the_pin_is_changed_and_its_rules_are_told(me: Page) -> None:
    await me.get_by_text("Change the voicemail PIN").click()
    pin = me.get_by_label("New PIN", exact=True)
    await pin.fill("12")
    await me.get_by_label("New PIN, once more").fill("12")
    await me.keyboard.press("Enter")
    await expect(pin).to_have_attribute("aria-invalid", "true")
    await expect(pin).to_be_focused()
    await pin.fill("97531")
    await me.get_by_label("New PIN, once more").fill("97531")
    await me.keyboard.press("Enter")
    await expect(me.locator("#notice")).to_have_text("PIN changed")
    await expect(pin).to_have_value("")
    assert (await VoicemailBox.get(mailbox=MINE)).password == "97531"


async def test_the_messages_are_counted_as_they_come_and_go(me: Page, box: Mailbox) -> None:
    count = me.get_by_role("link", name="in all").or_(me.get_by_role("link", name="No messages"))
    await expect(count).to_have_text("1 new message, 1 in all")
    box.receive("two")
    await expect(count).to_have_text("2 new messages, 2 in all")
    box.lose("one")
    box.lose("two")
    await expect(count).to_have_text("No messages")
    await count.click()
    await expect(me.get_by_text("There are no messages.")).to_be_visible()
