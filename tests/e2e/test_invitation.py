"""The whole way of an invitation: the row's control, the mail, the page, a phone that registers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import OutgoingMail
from pbxbridge.models.phone import Invitation
from tests.e2e.test_first_light import create, sign_in
from tests.rig.browser import open_browser, open_page
from tests.rig.invitations import link_in
from tests.rig.system import System, running_system
from tests.sip import Phone

COPYING = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    async with running_system(tmp_path_factory.mktemp("system"), can_link=True) as running:
        yield running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


async def test_who_is_invited_registers_with_exactly_what_the_page_shows(
    system: System, browser: Browser
) -> None:
    async with (
        open_page(browser) as portal,
        open_page(browser, **COPYING) as invited,
        open_page(browser) as late,
    ):
        await sign_in(portal, system)
        old = await create(portal, "1001", "Alice")
        async with phone(system, old) as desk:
            assert await desk.register() == 200
            await the_make_is_chosen(portal)
            link = await the_invitation_is_mailed(system, portal)
            await invited.goto(link)
            await expect(portal.locator("#extension-1001 .tag")).to_have_text("Invitation opened")
            assert await desk.register() == 200, "nothing is claimed yet"
            await late.goto(link)
            user, password, server = await what_the_page_shows(invited)
            await expect(portal.locator("#extension-1001 .tag")).to_have_text("Invitation claimed")
            await late.get_by_role("button", name="Show my user name and password").click()
            await expect(late.get_by_role("heading")).to_have_text("This link was used already")
            assert password not in await late.content()
            await system.told()
            assert await desk.register() == 401, "the secret before is good no more"
        host, _, port = server.partition(":")
        async with Phone(user, password, host, int(port)) as softphone:
            assert await softphone.register() == 200
            await expect(portal.locator("#status-1001")).to_have_text("OK")
            await expect(portal.locator("#port-1001")).to_have_text(str(softphone.address[1]))
    await no_secret_is_kept(link.rpartition("/")[2], password)


def phone(system: System, secret: str) -> Phone:
    return Phone("1001", secret, "127.0.0.1", system.asterisk.ports.sip)


async def the_make_is_chosen(page: Page) -> None:
    await page.locator("#extension-1001 .row").dblclick()
    await page.locator("#extension-1001 summary").first.click()
    await page.locator("#phone_make-1001").select_option("IntellaPhone")
    await page.locator("#phone_model-1001").fill("IntellaPhone PC")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_contain_text("Changes saved")


async def the_invitation_is_mailed(system: System, page: Page) -> str:
    """Press the row's control; return the link that arrives at the mail server."""
    await page.get_by_label("Send the invitation e-mail for extension 1001").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("A device is registered as 1001 now, at 127.0.0.1")
    await expect(dialog.get_by_label("E-mail")).to_have_value("alice@example.com")
    await dialog.get_by_role("button", name="Send the invitation e-mail").click()
    [mail] = await system.catcher.wait_for(1)
    assert mail.recipient == "alice@example.com"
    await expect(page.locator("#extension-1001 .tag")).to_have_text("Invitation sent")
    link = link_in(mail.content)
    assert link.startswith(system.address)
    return link


async def what_the_page_shows(page: Page) -> tuple[str, str, str]:
    """Press the button; return user name, password and server as the copy buttons copy them."""
    await page.get_by_role("button", name="Show my user name and password").click()
    await expect(page.get_by_text("Leave 'Remember Details' checked.")).to_be_visible()
    await page.get_by_text("Another softphone").click()
    copied = []
    for name in ("Username", "Password", "Server"):
        await page.get_by_role("button", name=f"Copy {name}", exact=True).click()
        await expect(page.locator("#notice")).to_have_text("Copied")
        copied.append(await page.evaluate("navigator.clipboard.readText()"))
        assert copied[-1] == await page.get_by_label(name, exact=True).input_value()
    return copied[0], copied[1], copied[2]


async def no_secret_is_kept(token: str, password: str) -> None:
    stored = [await model.all().values() for model in (Invitation, OutgoingMail, AuditEntry)]
    assert not [secret for secret in (token, password) if secret in str(stored)]
