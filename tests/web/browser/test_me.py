"""My extension in a real browser: messages that play, and a page that keeps itself up to date."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from pbxbridge.events import MailboxChanged
from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.fakes.eager_mirror import EagerMirror
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.browser import open_page
from tests.rig.voicemail_files import leave_message, wav
from tests.web.browser.screen import registered
from tests.web.conftest import Client, Prepared
from web.app import Portal

MINE = "1001"
SECONDS = 20
PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1280, "height": 900}}


class Box:
    """The mailbox of 1001, as callers and Asterisk fill it."""

    def __init__(self, portal: Portal, spool: Path) -> None:
        self._portal = portal
        self._spool = spool

    def receive(self, msg_id: str, caller: str = "Grace", *, minutes_ago: int = 0) -> None:
        """Leave a message, and tell of it as MessageWaiting does."""
        leave_message(
            self._spool,
            msg_id,
            mailbox=MINE,
            callerid=f'"{caller}" <1002>',
            received_at=datetime.now(UTC) - timedelta(minutes=minutes_ago),
            recording=wav(SECONDS),
        )
        self._portal.bus.publish(MailboxChanged(MINE, "default"))


@pytest.fixture
async def box(
    extensions: Extensions, admin: Actor, portal: Portal, voicemail_link: VoicemailLink
) -> Box:
    mine = {"users": ["user"], "voicemail": True, "voicemail_pin": "8642"}
    await extensions.update(admin, MINE, mine)
    box = Box(portal, voicemail_link.spool)
    box.receive("one", minutes_ago=5)
    return box


@pytest.fixture
async def me(
    browser: Browser, client: Client, prepared: Prepared, box: Box, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The page of the person whose extension 1001 is."""
    async with open_page(browser, **options) as page:
        home, token = str(client.make_url("/")), prepared.tokens[Role.USER]
        await page.context.add_cookies([{"name": "session", "value": token, "url": home}])
        if options.get("java_script_enabled", True):
            async with page.expect_response("**/live"):
                await page.goto(home)
        else:
            await page.goto(home)
        yield page


def message(page: Page, msg_id: str) -> Locator:
    return page.locator(f"#message-{MINE}-{msg_id}")


async def play(audio: Locator) -> None:
    await audio.evaluate("async audio => { audio.muted = true; await audio.play(); }")


async def test_a_person_lands_on_their_own_extension(me: Page) -> None:
    await expect(me).to_have_url(re.compile("/me$"))
    await expect(me.get_by_role("heading", name=f"{MINE} Ada")).to_be_visible()
    await expect(me.locator("#own-1002")).to_have_count(0)


async def test_a_recording_plays_and_can_be_moved_within(me: Page) -> None:
    ranges: list[str] = []
    me.on("request", lambda asked: ranges.append(asked.headers.get("range", "")))
    audio = message(me, "one").locator("audio")
    assert await audio.evaluate("audio => audio.readyState") == 0, "nothing is loaded unasked"
    await play(audio)
    assert await audio.evaluate("audio => audio.duration") == pytest.approx(SECONDS, abs=0.1)
    moved = """audio => new Promise((done, failed) => {
        audio.onseeked = () => done(audio.currentTime);
        audio.onerror = () => failed(audio.error.message);
        audio.currentTime = 15;
    })"""
    assert await audio.evaluate(moved) == pytest.approx(15, abs=0.5)
    assert any(asked.startswith("bytes=") for asked in ranges)


async def test_a_new_message_appears_while_another_plays_on(me: Page, box: Box) -> None:
    audio = message(me, "one").locator("audio")
    await play(audio)
    box.receive("two", "Edith")
    await expect(message(me, "two")).to_contain_text("Edith")
    await expect(me.locator(".message").first).to_contain_text("Edith")
    await expect(me.locator(".count")).to_have_text("2 new, 2 in all")
    assert not await audio.evaluate("audio => audio.paused")


async def test_marking_as_heard_leaves_the_player_alone(me: Page) -> None:
    audio = message(me, "one").locator("audio")
    await play(audio)
    await message(me, "one").get_by_role("button", name="Mark heard").click()
    await expect(me.locator("#notice")).to_have_text("Marked as heard")
    await expect(message(me, "one").locator(".tag")).to_have_text("Old")
    await expect(message(me, "one").get_by_role("button", name="Mark heard")).to_have_count(0)
    assert not await audio.evaluate("audio => audio.paused")


async def test_deleting_by_keyboard_asks_first(me: Page) -> None:
    delete = message(me, "one").get_by_role("button", name="Delete")
    await delete.focus()
    await me.keyboard.press("Enter")
    dialog = me.get_by_role("dialog")
    await expect(dialog).to_contain_text("Grace")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await me.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(delete).to_be_focused()
    await me.keyboard.press("Enter")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(me.locator("#notice")).to_have_text("Message deleted")
    await expect(message(me, "one")).to_have_count(0)
    await expect(me.get_by_text("There are no messages.")).to_be_visible()


async def test_what_asterisk_refuses_is_told(me: Page, voicemail_link: VoicemailLink) -> None:
    voicemail_link.up = False
    await message(me, "one").get_by_role("button", name="Delete").click()
    await me.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(me.locator("#notice")).to_contain_text("Asterisk does not answer")
    await expect(message(me, "one")).to_be_visible()


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


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_everything_works(me: Page) -> None:
    await me.get_by_role("button", name="Mark heard").click()
    await expect(me.locator("#notice")).to_have_text("Marked as heard")
    await me.get_by_role("button", name="Delete").click()
    await me.get_by_role("button", name="Delete").click()
    await expect(me.locator("#notice")).to_have_text("Message deleted")
    await expect(me.locator(".message")).to_have_count(0)


@pytest.mark.parametrize("options", [PHONE, DESK], ids=["phone", "desk"])
async def test_nothing_is_wider_than_the_screen(me: Page, box: Box) -> None:
    box.receive("two", "A caller whose name goes on" + "andon" * 20)
    await expect(message(me, "two")).to_be_visible()
    assert await me.evaluate("document.documentElement.scrollWidth <= innerWidth")
