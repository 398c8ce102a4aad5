"""What a phone does, on the row and in its tools: live, and the answers of the two buttons."""

from __future__ import annotations

from playwright.async_api import Page, expect

from pbxbridge.events import EventBus
from pbxbridge.mirror.call_board import CallBoard, Channel
from pbxbridge.settings import ONLY_NODE
from tests.fakes.eager_mirror import EagerMirror
from tests.web.browser.screen import registered, row


async def test_what_a_phone_does_is_live_on_the_row_and_in_its_tools(
    page: Page, mirror: EagerMirror, call_board: CallBoard, bus: EventBus
) -> None:
    def told(state: str) -> None:
        call_board.channel_is(ONLY_NODE, Channel("1.1", "PJSIP/1001-00000001", state))
        changes = call_board.take_changes()
        assert changes
        bus.publish(changes)

    word = page.locator("#call-1001")
    box = await row(page, "1001").bounding_box()
    await expect(word).to_have_text("")
    call_board.heard(ONLY_NODE, [])
    told("Down")
    registered(mirror, "1001", "Reachable")
    await expect(word).to_have_text("Idle")
    told("Ringing")
    await expect(word).to_have_text("Ringing")
    assert await row(page, "1001").bounding_box() == box
    await row(page, "1001").get_by_role("link", name="Tools").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("#tools-call-1001")).to_have_text("Ringing")
    told("Up")
    await expect(dialog.locator("#tools-call-1001")).to_have_text("In use")
    await expect(word).to_have_text("In use")
    await dialog.get_by_role("button", name="Ring this phone").click()
    await expect(dialog.get_by_role("alert")).to_have_text("pbxbridge is not connected to ARI yet.")
    await expect(dialog.locator("#tools-call-1001")).to_have_text("In use")
