"""Alerts in a browser: they come and go by themselves; a device's history in its editor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from pbxbridge.events import EventBus
from pbxbridge.services.states.alert_rules import Limits
from pbxbridge.services.states.alerts import Alerts
from pbxbridge.services.states.webhooks import Webhooks
from tests.db.told_states import Told
from tests.web.visitor import Client

PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def told(bus: EventBus) -> Told:
    told = Told(now=datetime.now(UTC) - timedelta(hours=20))
    await told.link()
    await told.say({"1001": "OK", "1002": "OK"}, ip="198.251.100.250")
    told.after(hours=15)
    await told.say({"1001": "UNREACHABLE"}, ip="198.251.100.250")
    told.after(hours=1)
    return told


@pytest.fixture
def alerts(bus: EventBus, told: Told) -> Alerts:
    return Alerts(bus, Limits(), Webhooks(()), clock=told.clock)


async def test_an_alert_comes_and_ends_on_the_page_that_is_open(
    page: Page, client: Client, told: Told, alerts: Alerts
) -> None:
    async with page.expect_response("**/live"):
        await page.goto(str(client.make_url("/alerts")))
    await expect(page.get_by_text("There are no alerts.")).to_be_visible()
    await alerts.look()
    await expect(page.get_by_role("link", name="1 alert", exact=True)).to_be_visible()
    row = page.locator("tbody.entry")
    await expect(row).to_contain_text("OPEN")
    await expect(row).to_contain_text("Extension 1001 does not answer")
    await expect(row).not_to_contain_text("UTC")  # the reader's own time
    await told.say({"1001": "OK"})
    await alerts.look()
    await expect(row).to_contain_text("ended")
    await expect(row).not_to_contain_text("UTC")
    await expect(page.get_by_role("link", name="1 alert", exact=True)).to_have_count(0)


async def test_the_number_of_alerts_leads_to_them_from_the_list(page: Page, alerts: Alerts) -> None:
    await alerts.look()
    await page.get_by_role("link", name="1 alert", exact=True).click()
    await page.get_by_role("link", name="Extension 1001").click()
    await expect(page.get_by_role("heading", name="Device history")).to_be_visible()


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_on_a_phone_alerts_and_history_are_not_wider_than_the_screen(
    page: Page, client: Client, told: Told, alerts: Alerts
) -> None:
    await alerts.look()
    for path in ("/alerts", "/extensions/1001/edit"):
        await page.goto(str(client.make_url(path)))
        for summary in await page.get_by_text("Last changes").all():
            await summary.click()
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
