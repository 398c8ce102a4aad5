"""Voicemail in a real browser: messages that play, and lists that keep themselves up to date."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from pbxbridge.events import OutboxChanged
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.people import Role
from tests.db.mail_rows import store
from tests.fakes.voicemail_link import VoicemailLink
from tests.web.browser.mailbox import MINE, SECONDS, Mailbox
from tests.web.browser.visit import DESK, PHONE, signed_in
from tests.web.conftest import Prepared
from tests.web.visitor import Client
from web.app import Portal

ANSWER = "550 5.1.1 No such user, and a sentence that goes on " + "andon" * 30


@pytest.fixture
async def messages(
    browser: Browser, client: Client, prepared: Prepared, box: Mailbox, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The messages of the person whose extension 1001 is."""
    token = prepared.tokens[Role.USER]
    async with signed_in(browser, client, token, "/voicemail", **options) as page:
        yield page


@pytest.fixture
async def box_list(
    browser: Browser, client: Client, prepared: Prepared, box: Mailbox, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The list of boxes, as an operator sees it."""
    token = prepared.tokens[Role.OPERATOR]
    async with signed_in(browser, client, token, "/voicemail/boxes", **options) as page:
        yield page


def message(page: Page, msg_id: str) -> Locator:
    return page.locator(f"#message-{MINE}-{msg_id}")


async def play(audio: Locator) -> None:
    await audio.evaluate("async audio => { audio.muted = true; await audio.play(); }")


async def test_a_recording_plays_and_can_be_moved_within(messages: Page) -> None:
    ranges: list[str] = []
    messages.on("request", lambda asked: ranges.append(asked.headers.get("range", "")))
    audio = message(messages, "one").locator("audio")
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


async def test_a_new_message_appears_while_another_plays_on(messages: Page, box: Mailbox) -> None:
    audio = message(messages, "one").locator("audio")
    await play(audio)
    box.receive("two", "Edith")
    await expect(message(messages, "two")).to_contain_text("Edith")
    await expect(messages.locator(".message").first).to_contain_text("Edith")
    await expect(messages.locator(".count")).to_have_text("2 new, 2 in all")
    assert not await audio.evaluate("audio => audio.paused")


async def test_marking_as_heard_leaves_the_player_alone(messages: Page) -> None:
    audio = message(messages, "one").locator("audio")
    await play(audio)
    await message(messages, "one").get_by_role("button", name="Mark heard").click()
    await expect(messages.locator("#notice")).to_have_text("Marked as heard")
    await expect(message(messages, "one").locator(".tag")).to_have_text("Old")
    await expect(message(messages, "one").get_by_role("button", name="Mark heard")).to_have_count(0)
    assert not await audio.evaluate("audio => audio.paused")


async def test_deleting_by_keyboard_asks_first(messages: Page) -> None:
    delete = message(messages, "one").get_by_role("button", name="Delete")
    await delete.focus()
    await messages.keyboard.press("Enter")
    dialog = messages.get_by_role("dialog")
    await expect(dialog).to_contain_text("Grace")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await messages.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(delete).to_be_focused()
    await messages.keyboard.press("Enter")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(messages.locator("#notice")).to_have_text("Message deleted")
    await expect(message(messages, "one")).to_have_count(0)
    await expect(messages.get_by_text("There are no messages.")).to_be_visible()


async def test_what_asterisk_refuses_is_told(messages: Page, voicemail_link: VoicemailLink) -> None:
    voicemail_link.up = False
    await message(messages, "one").get_by_role("button", name="Delete").click()
    await messages.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(messages.locator("#notice")).to_contain_text("Asterisk does not answer")
    await expect(message(messages, "one")).to_be_visible()


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_everything_works(messages: Page) -> None:
    await messages.get_by_role("button", name="Mark heard").click()
    await expect(messages.locator("#notice")).to_have_text("Marked as heard")
    await messages.get_by_role("button", name="Delete").click()
    await messages.get_by_role("button", name="Delete").click()
    await expect(messages.locator("#notice")).to_have_text("Message deleted")
    await expect(messages.locator(".message")).to_have_count(0)


async def test_a_mail_s_link_brings_its_message_into_sight(
    messages: Page, box: Mailbox, client: Client
) -> None:
    for place in range(12):
        box.receive(f"m{place}", minutes_ago=-place)
    await messages.goto(str(client.make_url(f"/voicemail?message={MINE}-one")))
    await expect(message(messages, "one")).to_be_focused()
    await expect(message(messages, "one")).to_be_in_viewport(ratio=1)
    await expect(messages.locator(".wanted")).to_have_count(1)
    box.lose("one")
    await expect(message(messages, "one")).to_have_count(0)
    await messages.reload()
    await expect(messages.get_by_text("The message of this link is not here.")).to_be_visible()


async def test_boxes_follow_what_happens_to_them(
    box_list: Page, box: Mailbox, portal: Portal
) -> None:
    row = box_list.locator(f"#box-{MINE}")
    new = row.locator('[data-label="New"]')
    await expect(new).to_have_text("1")
    await expect(box_list.locator("tbody.entry")).to_have_count(1)
    await box_list.evaluate("window.isStillThere = true")
    box.receive("two")
    await expect(new).to_have_text("2")
    box.lose("one")
    await expect(new).to_have_text("1")
    mail = await store("two", mailbox=MINE)
    portal.bus.publish(OutboxChanged())
    await expect(row).to_contain_text("WAITING")
    gone = {"state": MailState.DEAD, "last_error": ANSWER, "failed_at": datetime.now(UTC)}
    await OutgoingMail.filter(id=mail.id).update(**gone)
    portal.bus.publish(OutboxChanged())
    await expect(row).to_contain_text("GIVEN UP")
    await expect(row).to_contain_text("550 5.1.1 No such user")
    assert await box_list.evaluate("window.isStillThere"), "it was not loaded anew"


async def test_boxes_are_searched_as_one_types(box_list: Page) -> None:
    search = box_list.get_by_label("Search by number or name")
    await search.press_sequentially("zz")
    await expect(box_list.get_by_text("No box has “zz”")).to_be_visible()
    await search.fill("ad")
    await expect(box_list.locator(f"#box-{MINE}")).to_be_visible()
    await expect(box_list).to_have_url(re.compile(r"/voicemail/boxes\?search=ad$"))


@pytest.mark.parametrize("options", [PHONE, DESK], ids=["phone", "desk"])
async def test_nothing_is_wider_than_the_screen(
    messages: Page, box_list: Page, box: Mailbox, portal: Portal
) -> None:
    box.receive("two", "A caller whose name goes on" + "andon" * 20)
    await expect(message(messages, "two")).to_be_visible()
    mail = await store("two", mailbox=MINE)
    await OutgoingMail.filter(id=mail.id).update(last_error=ANSWER)
    portal.bus.publish(OutboxChanged())
    await expect(box_list.locator(".answer")).to_be_visible()
    for page in (messages, box_list):
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
