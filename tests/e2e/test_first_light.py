"""One day in the life of a small PBX, from the admin's browser to the phones and the mailbox."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.eventually import eventually
from tests.rig.browser import open_browser, open_page
from tests.rig.system import System, leave_message, running_system
from tests.sip import Answer, Phone, Ring

PASSWORD = "a long enough pass phrase"
LIVE_MS = 2000


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    async with running_system(tmp_path_factory.mktemp("system")) as running:
        yield running


@pytest.fixture
async def page(system: System) -> AsyncIterator[Page]:
    async with open_browser() as browser, open_page(browser) as page:
        yield page


async def sign_in(page: Page, system: System) -> None:
    await page.goto(system.address)
    await page.get_by_label("Login name").fill("admin")
    await page.get_by_label("Password").fill(system.admin_password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("One-time password").fill(system.admin_password)
    await page.get_by_label("New password", exact=True).fill(PASSWORD)
    await page.get_by_label("New password, once more").fill(PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_role("heading", name="Extensions")).to_be_visible()


async def create(page: Page, number: str, name: str) -> str:
    """Create an extension in the browser and return the secret that it shows."""
    await page.get_by_role("button", name="New Extension").click()
    await page.locator("#number-new-extension").fill(number)
    await page.locator("#caller_id_name-new-extension").fill(name)
    await page.locator("#voicemail-new-extension").check()
    await page.locator("#voicemail_pin-new-extension").fill("8642")
    await page.locator("#voicemail_email-new-extension").fill(f"{name.lower()}@example.com")
    await page.get_by_role("button", name="Save").click()
    secret = await page.locator(f"#secret-{number}").input_value()
    await page.get_by_text("Done", exact=True).click()
    await expect(page.locator(f"#secret-{number}")).to_have_count(0)
    return secret


async def shows(page: Page, number: str, status: str, phone: Phone | None) -> None:
    """Wait until the row shows this status, and the address of the phone or none."""
    await expect(page.locator(f"#status-{number}")).to_have_text(status, timeout=LIVE_MS)
    ip, port = phone.address if phone else ("", "")
    await expect(page.locator(f"#ip-{number}")).to_have_text(ip, timeout=LIVE_MS)
    await expect(page.locator(f"#port-{number}")).to_have_text(str(port), timeout=LIVE_MS)


async def test_first_light(system: System, page: Page) -> None:
    await sign_in(page, system)
    secrets = {
        number: await create(page, number, name)
        for number, name in (("1001", "Alice"), ("1002", "Bob"), ("1003", "Carol"))
    }
    await page.evaluate("window.loadedOnce = true")
    sip = system.asterisk.ports.sip
    async with (
        Phone("1001", secrets["1001"], "127.0.0.1", sip) as alice,
        Phone("1002", secrets["1002"], "127.0.0.1", sip) as bob,
        Phone("1003", secrets["1003"], "127.0.0.1", sip) as carol,
    ):
        assert [await phone.register() for phone in (alice, bob, carol)] == [200, 200, 200]
        await shows(page, "1001", "OK", alice)
        await shows(page, "1002", "OK", bob)
        await a_call_rings_and_is_answered(alice, bob)
        await an_unanswered_call_becomes_a_mail(system, alice, bob)
        await asterisk_restarts(system, page, alice, bob)
        await a_forward_takes_the_next_call(page, bob, carol)
        await the_rows_follow_the_phones(page, alice, bob)
        await a_deleted_extension_is_refused(system, page, bob)
    assert await page.evaluate("window.loadedOnce"), "the page was loaded again"
    assert len(system.catcher.mails) == 1, "a message was mailed twice"


async def a_call_rings_and_is_answered(alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Ring()
    call = await alice.call("1002")
    await call.wait_ringing()
    incoming = await bob.wait_incoming()
    assert (incoming.caller_number, incoming.caller_name) == ("1001", "Alice")
    incoming.play_tone(440)
    await incoming.answer()
    await call.wait_answered()
    call.play_tone(620)
    await call.wait_tone(440)
    await incoming.wait_tone(620)
    await call.hangup()
    await incoming.wait_ended()


async def an_unanswered_call_becomes_a_mail(system: System, alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Ring()
    await leave_message(alice, "1002")
    (mail,) = await system.catcher.wait_for(1)
    assert mail.recipient == "bob@example.com"
    assert "Alice" in str(mail.message["Subject"])
    with wave.open(io.BytesIO(mail.recording)) as recording:
        assert (recording.getframerate(), recording.getsampwidth()) == (8000, 2)
        assert 1 < recording.getnframes() / 8000 < 10
    await bob.wait_mwi(lambda summary: summary.new == 1)


async def asterisk_restarts(system: System, page: Page, alice: Phone, bob: Phone) -> None:
    await system.asterisk.kill()
    await expect(page.locator("#link")).to_contain_text("Asterisk is not connected since")
    await system.asterisk.start()
    await expect(page.locator("#link")).to_contain_text("Asterisk is connected", timeout=15000)
    await shows(page, "1001", "OK", alice)
    await shows(page, "1002", "OK", bob)


async def a_forward_takes_the_next_call(page: Page, bob: Phone, carol: Phone) -> None:
    await page.locator("#extension-1001 .row").dblclick()
    await page.locator("#forward_all-1001").fill("1002")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_contain_text("Changes saved")
    bob.on_incoming = Answer()
    before = len(bob.incoming)
    call = await carol.call("1001")
    incoming = await bob.wait_incoming(count=before + 1)
    assert incoming.caller_number == "1003"
    await call.wait_answered()
    await call.hangup()


async def the_rows_follow_the_phones(page: Page, alice: Phone, bob: Phone) -> None:
    bob.go_silent()
    await expect(page.locator("#status-1002")).to_have_text("UNREACHABLE", timeout=15000)
    await shows(page, "1002", "UNREACHABLE", bob)
    assert await alice.unregister() == 200
    await shows(page, "1001", "", None)


async def a_deleted_extension_is_refused(system: System, page: Page, bob: Phone) -> None:
    box = system.asterisk.voicemail / "default" / "1002"
    assert box.exists()
    await page.get_by_label("Delete extension 1002").click()
    # Its phone, its box with the message, and the forward of 1001: each must be ticked.
    usages = page.locator("#dialog .usages").get_by_role("checkbox")
    await expect(usages).to_have_count(3)
    for usage in await usages.all():
        await usage.check()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#extension-1002")).to_have_count(0)
    bob.speak_again()
    assert await bob.register() == 401
    await eventually(lambda: not box.exists())
