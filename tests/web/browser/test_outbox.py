"""The mail outbox in a real browser: it shows what becomes of mails while somebody looks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.models.outbox import MailState
from pbxbridge.services.mailing.outbox import MailOutbox
from tests.db.mail_rows import running, sender, store
from tests.rig.mail_catcher import MailCatcher, Refusal
from tests.web.visitor import Client


@pytest.fixture
async def catcher(database: str, bus: EventBus) -> AsyncIterator[MailCatcher]:
    """The mail server; the outbox sends to it as in the bridge."""
    async with (
        MailCatcher().listening() as listening,
        running(MailOutbox(bus, sender(listening).send)),
    ):
        yield listening


@pytest.fixture
async def outbox(page: Page, client: Client, catcher: MailCatcher) -> Page:
    """The Mail outbox, connected to the live stream."""
    async with page.expect_response("**/live"):
        await page.goto(str(client.make_url("/outbox")))
    return page


async def test_a_test_mail_is_followed_from_the_form_to_the_servers_answer(
    outbox: Page, catcher: MailCatcher
) -> None:
    await outbox.get_by_label("To", exact=True).fill("nobody")
    await outbox.get_by_role("button", name="Send test mail").click()
    await expect(outbox.locator("#address-error")).to_contain_text("Enter an e-mail address")
    catcher.script.append(Refusal("550 5.1.1 no such user"))
    await outbox.get_by_label("To", exact=True).fill("ada@example.org")
    await outbox.get_by_role("button", name="Send test mail").click()
    row = outbox.locator("tbody.entry")
    for place in (row, outbox.locator("#last-test"), outbox.locator("#server-facts")):
        await expect(place).to_contain_text("550 5.1.1 no such user")
    await expect(row).to_contain_text("GIVEN UP")
    await outbox.get_by_role("link", name="1 mail given up").click()
    await row.get_by_role("button", name="Send again").click()
    await expect(outbox.get_by_text("No mail matches.")).to_be_visible()
    await expect(outbox.locator("#last-test")).to_contain_text("SENT")
    assert len(catcher.mails) == 1


async def test_discarding_asks_and_the_row_tells_who_did_it(outbox: Page, bus: EventBus) -> None:
    mail = await store("one")
    mail.state, mail.last_error = MailState.HELD, "It was unreadable."
    await mail.save()
    bus.publish(OutboxChanged())
    row = outbox.locator(f"#mail-{mail.id}")
    await row.get_by_role("button", name="Discard").click()
    dialog = outbox.get_by_role("dialog")
    await expect(dialog).to_contain_text("The message stays in its box")
    await dialog.get_by_role("button", name="OK, discard").click()
    await expect(row).to_contain_text("DISCARDED")
    await expect(row).to_contain_text("Discarded by admin. Before: It was unreadable.")
    await expect(row.get_by_role("button")).to_have_count(0)


async def test_the_list_narrows_while_its_filter_is_set(outbox: Page, bus: EventBus) -> None:
    for box in ("1001", "1002"):
        await store(box, box)
    bus.publish(OutboxChanged())
    rows = outbox.locator("tbody.entry")
    await expect(rows).to_have_count(2)
    await outbox.get_by_label("Recipient (or a part)").fill("1002@")
    await expect(rows).to_have_count(1)
    await outbox.get_by_label("State", exact=True).select_option("held")
    await expect(rows).to_have_count(0)
    await expect(outbox).to_have_url(re.compile(r"state=held&recipient=1002%40$"))


async def test_the_server_says_what_is_wrong_with_it(outbox: Page) -> None:
    await outbox.get_by_role("button", name="Check the server").click()
    await expect(outbox.locator("#server-answer")).to_contain_text("127.0.0.1")
