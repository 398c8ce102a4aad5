"""The Extensions screen on a phone and on a small desk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from pbxbridge.models.outbox import MailState, OutgoingMail
from tests.fakes.eager_mirror import EagerMirror
from tests.web.browser.screen import registered, row
from tests.web.visitor import Client

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, mirror: EagerMirror) -> None:
    registered(mirror, "1001", "Unreachable")
    await expect(page.locator("#status-1001")).to_have_text("UNREACHABLE")
    await page.get_by_label("Edit extension 1001").click()
    await page.get_by_role("button", name="Show secret").click()
    await expect(page.locator("#secret-1001")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    wide = await page.locator("main *").evaluate_all(
        "all => all.filter(one => one.checkVisibility()"
        " && !one.closest('.visually-hidden') && one.getBoundingClientRect().right > 390)"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert wide == []


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_on_a_phone_each_card_begins_with_its_number_beside_its_controls(page: Page) -> None:
    for number in ("1001", "1002", "1003"):
        places = [
            await place.bounding_box()
            for place in (
                row(page, number).locator("th"),
                page.get_by_label(f"Choose extension {number}"),
                page.get_by_label(f"Delete extension {number}"),
            )
        ]
        tops = [place["y"] for place in places if place]
        assert len(tops) == 3
        assert max(tops) - min(tops) < 24


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_on_a_phone_the_filters_unfold(page: Page) -> None:
    state = page.get_by_label("Status", exact=True)
    await expect(state).to_be_hidden()
    button = page.get_by_role("button", name="Filter")
    await button.click()
    await expect(button).to_have_attribute("aria-expanded", "true")
    await state.select_option("UNKNOWN")
    await expect(page.get_by_text("No extension is like that.")).to_be_visible()
    await page.reload()
    await expect(state).to_be_visible()
    await button.click()
    await expect(state).to_be_hidden()


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_on_a_phone_what_has_the_focus_is_above_the_bar_with_save(page: Page) -> None:
    await page.get_by_label("Edit extension 1001").click()
    await page.locator("details.more > summary").click()
    await page.locator("#caller_id_name-1001").focus()
    bar = page.locator(".editor > .buttons")
    fields = 0
    while not await bar.locator(":focus").count():
        focused, covering = await page.locator(":focus").bounding_box(), await bar.bounding_box()
        assert focused
        assert covering
        assert focused["y"] + focused["height"] <= covering["y"]
        await page.keyboard.press("Tab")
        fields += 1
    assert fields > 20


@pytest.mark.parametrize("width", [769, 1024, 1200])
async def test_the_editor_is_no_wider_than_what_can_be_seen(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.get_by_label("Edit extension 1001").click()
    await expect(page.locator("#caller_id_name-1001")).to_be_focused()
    assert await page.locator(".table-wrap").evaluate("one => one.scrollLeft") == 0
    wide = await page.locator(".panel :is(input, select, button, a, summary)").evaluate_all(
        "all => all.filter(one => one.checkVisibility()"
        " && one.getBoundingClientRect().right > innerWidth).map(one => one.id)"
    )
    assert wide == []
    delete = await page.get_by_label("Delete extension 1002").bounding_box()
    assert delete
    assert delete["x"] + delete["width"] <= width


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_on_a_phone_the_outbox_is_not_wider_than_the_screen(
    page: Page, client: Client
) -> None:
    await OutgoingMail.create(
        dedupe_key="one",
        mailbox="1002",
        recipient="reception.desk@a-very-long-name-of-a-domain.example.org",
        message_id="<one@pbx.local>",
        state=MailState.DEAD,
        last_error=f"550 5.7.1 see https://postmaster.example.org/{'refused-' * 20}",
        failed_at=datetime.now(UTC),
        next_attempt_at=datetime.now(UTC),
        message=b"hello",
        size=5,
    )
    await page.goto(str(client.make_url("/outbox")))
    await expect(page.get_by_role("button", name="Send again").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
