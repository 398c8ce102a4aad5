"""A page of the portal in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.browser import open_browser, open_page
from tests.web.browser.screen import save
from tests.web.conftest import Client, Prepared


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest.fixture(autouse=True)
async def _three_extensions(extensions: Extensions, admin: Actor, mirror: EagerMirror) -> None:
    for number, name in (("1001", "Ada"), ("1002", "Grace"), ("1003", "Edith")):
        await save(extensions, admin, number, name)
    await mirror.track_all(await extensions.monitored())
    mirror.link_up()


@pytest.fixture
def options() -> dict[str, Any]:
    """How the page is opened; tests that want another way override it by parametrize."""
    return {}


@pytest.fixture
async def page(
    browser: Browser, client: Client, prepared: Prepared, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The list of extensions, connected to the live stream."""
    async with open_page(browser, **options) as page:
        home = str(client.make_url("/"))
        await page.context.add_cookies([{"name": "session", "value": prepared.token, "url": home}])
        if options.get("java_script_enabled", True):
            async with page.expect_response("**/live"):
                await page.goto(home)
        else:
            await page.goto(home)
        yield page
