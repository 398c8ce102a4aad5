"""The row editor, the secret and the deletion, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.web.browser.screen import order, registered, row, save


async def test_a_new_extension_shows_its_secret_and_then_stands_in_the_list(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await page.get_by_role("button", name="New Extension").click()
    await expect(page.locator("#number-new-extension")).to_be_focused()
    await page.keyboard.type("1000")
    await page.locator("#caller_id_name-new-extension").fill("Reception")
    await page.keyboard.press("Enter")
    secret = page.locator("#secret-1000")
    await expect(secret).to_be_visible()
    await expect(secret).to_have_value(await extensions.secret(admin, "1000"))
    await expect(page.get_by_role("status").filter(has_text="Extension created")).to_be_visible()
    await page.get_by_text("Done", exact=True).click()
    await expect(secret).to_have_count(0)
    await expect(page.locator("tbody.extension")).to_have_count(4)
    assert await order(page) == ["1000", "1001", "1002", "1003"]


async def test_a_created_extension_stays_in_view_until_done(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await page.get_by_role("button", name="New Extension").click()
    await page.locator("#number-new-extension").fill("1900")
    await page.locator("#caller_id_name-new-extension").fill("Last")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#secret-1900")).to_be_visible()
    await save(extensions, admin, "1000", "First")
    await expect(row(page, "1000")).to_be_visible()
    assert await order(page) == ["1900", "1000", "1001", "1002", "1003"]
    await page.get_by_text("Done", exact=True).click()
    await save(extensions, admin, "1000", "Changed")
    await expect(row(page, "1000")).to_contain_text("Changed")
    assert await order(page) == ["1000", "1001", "1002", "1003", "1900"]


async def test_double_click_edits_and_save_says_so(page: Page, extensions: Extensions) -> None:
    await row(page, "1002").get_by_text("Grace").dblclick()
    name = page.locator("#caller_id_name-1002")
    await expect(name).to_be_focused()
    await name.fill("Grace Hopper")
    await row(page, "1002").get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await expect(row(page, "1002").locator("form")).to_have_count(0)
    await expect(row(page, "1002")).to_contain_text("Grace Hopper")
    assert (await extensions.get("1002")).caller_id_name == "Grace Hopper"


async def test_errors_stand_beside_their_fields_and_the_first_has_the_focus(page: Page) -> None:
    await page.get_by_label("Edit extension 1001").click()
    await page.locator("#forward_all-1001").fill("1001")
    await page.locator("#caller_id_name-1001").fill("")
    await page.keyboard.press("Enter")
    name = page.locator("#caller_id_name-1001")
    await expect(name).to_be_focused()
    await expect(name).to_have_accessible_description(
        "Enter the name that phones show for this extension."
    )
    await expect(page.locator("#forward_all-1001")).to_have_value("1001")
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    await name.fill("Ada")
    await page.locator("#forward_all-1001").fill("1002")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Changes saved")


async def test_the_keyboard_is_enough(page: Page) -> None:
    edit = page.get_by_label("Edit extension 1001")
    await edit.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#caller_id_name-1001")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(row(page, "1001").locator("form")).to_have_count(0)
    await expect(edit).to_be_focused()
    await page.get_by_role("button", name="New Extension").focus()
    await page.keyboard.press("Space")
    await expect(page.locator("#number-new-extension")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="New Extension")).to_be_focused()


async def test_new_extension_pressed_twice_keeps_what_was_typed(page: Page) -> None:
    await page.get_by_role("button", name="New Extension").click()
    await page.locator("#number-new-extension").fill("1000")
    await page.get_by_role("button", name="New Extension").click()
    await expect(page.locator("#number-new-extension")).to_be_focused()
    await expect(page.locator("#number-new-extension")).to_have_value("1000")


async def test_pin_and_address_show_only_while_voicemail_is_ticked(page: Page) -> None:
    await page.get_by_label("Edit extension 1001").click()
    pin = page.locator("#voicemail_pin-1001")
    await expect(pin).to_be_hidden()
    await page.locator("#voicemail-1001").check()
    await expect(pin).to_be_visible()
    await expect(page.locator("#voicemail_email-1001")).to_be_visible()
    await page.locator("#voicemail-1001").uncheck()
    await expect(pin).to_be_hidden()


async def test_how_mails_are_is_chosen_below_more(page: Page, extensions: Extensions) -> None:
    await page.get_by_label("Edit extension 1001").click()
    await page.get_by_text("More: numbers").click()
    recording = page.get_by_label("Recording", exact=True)
    await expect(recording).to_be_hidden()
    await page.locator("#voicemail-1001").check()
    await page.locator("#voicemail_pin-1001").fill("4711")
    await page.locator("#voicemail_email-1001").fill("ada@pbx.local desk@pbx.local")
    await recording.select_option("MP3 attached")
    await page.get_by_label("After sending").select_option("Delete")
    await page.get_by_label("Mail language").select_option("Deutsch")
    zones = page.locator("#time-zones-1001 option")
    await expect(zones).to_have_count(0)
    await page.get_by_label("Time zone").fill("Europe/Berlin")
    await expect(page.locator('#time-zones-1001 option[value="Europe/Berlin"]')).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await expect(row(page, "1001")).to_contain_text("On, 2 addresses")
    saved = await extensions.get("1001")
    assert saved.voicemail_email == "ada@pbx.local, desk@pbx.local"
    assert (saved.voicemail_audio, saved.voicemail_after_sending) == ("mp3", "delete")
    assert (saved.voicemail_language, saved.voicemail_time_zone) == ("de", "Europe/Berlin")


async def test_the_secret_can_be_shown_copied_and_replaced(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_label("Edit extension 1001").click()
    await page.get_by_role("button", name="Show secret").click()
    secret = page.locator("#secret-1001")
    await expect(secret).to_have_value(await extensions.secret(admin, "1001"))
    await page.get_by_role("button", name="Copy secret").click()
    await expect(page.locator("#notice")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == await secret.input_value()
    await page.get_by_text("New secret…").click()
    await page.get_by_role("button", name="Make a new secret").click()
    await expect(page.get_by_text("The secret of extension 1001 is new.")).to_be_visible()
    await expect(secret).to_have_value(await extensions.secret(admin, "1001"))
    await page.get_by_role("button", name="Hide secret").click()
    await expect(secret).to_have_count(0)
    show = page.get_by_role("button", name="Show secret")
    await expect(show).to_be_focused()
    await show.press("Enter")
    await expect(secret).to_be_visible()
    await expect(page.get_by_role("button", name="Hide secret")).to_be_focused()


async def test_a_type_of_device_shows_the_fields_that_it_has(page: Page) -> None:
    await page.get_by_role("button", name="New Extension").click()
    editor = page.locator("form.editor")
    await editor.get_by_text("More: numbers").click()
    shown = {
        "SIP": {"mac", "auth_username", "forward_busy", "monitored"},
        "SIP-VIRTUAL": {"mac", "auth_username", "forward_busy", "monitored"},
        "IAX2": {"mac", "forward_busy", "monitored"},
        "DAHDI": {"dahdi_channel", "forward_busy"},
        "VIRTUAL": set(),
    }
    for device_type, fields in shown.items():
        await editor.get_by_label("Device Type").select_option(device_type)
        for name in ("mac", "auth_username", "forward_busy", "monitored", "dahdi_channel"):
            control = page.locator(f"#{name}-new-extension")
            await expect(control).to_be_visible(visible=name in fields)
        await expect(editor.get_by_label("All Call Forward")).to_be_visible()
        # No heading of a group stands over nothing, and none is promised.
        ringing = editor.get_by_role("group", name="Forwards and ringing")
        await expect(ringing).to_be_visible(visible="forward_busy" in fields)
        summary = await editor.locator("details.more > summary").inner_text()
        assert (", forwards" in summary) == ("forward_busy" in fields)
        assert (", phone" in summary) == ("mac" in fields)


async def test_what_somebody_else_saved_is_shown_before_it_is_written_over(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await page.get_by_label("Edit extension 1001").click()
    await page.locator("#caller_id_name-1001").fill("Mine")
    await save(extensions, admin, "1001", "Theirs")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("was changed meanwhile")
    await expect(page.get_by_text("now: Theirs")).to_be_visible()
    await expect(page.locator("#caller_id_name-1001")).to_have_value("Mine")
    await expect(page.locator("#caller_id_name-1001")).to_be_focused()
    assert (await extensions.get("1001")).caller_id_name == "Theirs"
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    assert (await extensions.get("1001")).caller_id_name == "Mine"


async def test_a_mistake_in_the_further_fields_is_not_hidden(page: Page) -> None:
    await page.get_by_role("button", name="New Extension").click()
    await page.locator("#number-new-extension").fill("1000")
    await page.locator("#caller_id_name-new-extension").fill("Second line")
    await page.get_by_label("Device Type", exact=True).last.select_option("SIP-VIRTUAL")
    await expect(page.locator("#mac-new-extension")).to_be_hidden()
    await page.get_by_role("button", name="Save").click()
    mac = page.locator("#mac-new-extension")
    await expect(mac).to_be_focused()
    await expect(mac).to_have_accessible_description(
        "Enter the MAC address of the device that carries this extension."
    )


async def test_users_are_offered_while_their_logins_are_typed(page: Page) -> None:
    await page.get_by_label("Edit extension 1001").click()
    await page.locator("#users-1001").press_sequentially("admin, oper")
    await expect(page.locator("#users-list-1001 option")).to_have_count(1)
    await expect(page.locator("#users-list-1001 option")).to_have_attribute(
        "value", "admin, operator"
    )


@pytest.mark.parametrize("options", [{"timezone_id": "Asia/Tokyo"}])
async def test_when_the_pin_was_changed_by_phone_is_told_beside_it_in_local_time(
    page: Page, extensions: Extensions, admin: Actor
) -> None:
    await save(extensions, admin, "1001", "Ada", voicemail=True, voicemail_pin="4711")
    changed_at = datetime.now(UTC).replace(hour=12, minute=7) - timedelta(days=9)
    await Extension.filter(number="1001").update(pin_changed_by_phone_at=changed_at)
    await page.get_by_label("Edit extension 1001").click()
    local = (changed_at + timedelta(hours=9)).strftime("%H:%M")
    pin = page.locator(".field", has=page.locator("#voicemail_pin-1001"))
    await expect(pin.locator(".now")).to_contain_text("Changed by phone")
    await expect(pin.locator("time")).to_contain_text(local)
    for moment in await page.locator("form.editor time, .device-facts time").all():
        await expect(moment).not_to_contain_text("UTC")


async def test_what_an_editor_says_of_its_device_follows_asterisk(
    page: Page, mirror: EagerMirror
) -> None:
    await page.get_by_label("Edit extension 1001").click()
    facts = page.locator("#facts-1001")
    await expect(facts).to_contain_text("Not registered")
    await page.locator("#caller_id_name-1001").fill("Half typ")
    registered(mirror, "1001")
    await expect(facts).to_contain_text("198.251.100.250")
    registered(mirror, "1001", "Unreachable")
    await expect(facts).to_contain_text("UNREACHABLE")
    await expect(facts).not_to_contain_text("UTC")
    await page.keyboard.type("ed")
    await expect(page.locator("#caller_id_name-1001")).to_have_value("Half typed")


async def test_a_page_of_one_extension_has_no_tick_for_a_list(page: Page) -> None:
    await expect(page.get_by_label("Choose extension 1001")).to_be_visible()
    await page.goto(page.url.rstrip("/") + "/1001/edit")
    await expect(page.locator("#caller_id_name-1001")).to_be_visible()
    await expect(page.get_by_label("Choose extension 1001")).to_be_hidden()
