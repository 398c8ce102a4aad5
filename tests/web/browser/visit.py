"""Opening a page of the portal as somebody who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from tests.rig.browser import open_page
from tests.web.visitor import Client

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1280, "height": 900}}


@asynccontextmanager
async def signed_in(
    browser: Browser, client: Client, token: str, path: str, **options: Any
) -> AsyncIterator[Page]:
    """Open a page of the portal with this session, connected to the live stream."""
    async with open_page(browser, **options) as page:
        home, address = str(client.make_url("/")), str(client.make_url(path))
        await page.context.add_cookies([{"name": "session", "value": token, "url": home}])
        if options.get("java_script_enabled", True):
            async with page.expect_response("**/live*"):
                await page.goto(address)
        else:
            await page.goto(address)
        yield page
