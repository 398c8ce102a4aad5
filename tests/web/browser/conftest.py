"""A page of the portal in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from pbxbridge.events import EventBus
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.browser import open_browser
from tests.web.browser.mailbox import MINE, Mailbox
from tests.web.browser.screen import save
from tests.web.browser.visit import signed_in
from tests.web.conftest import Prepared
from tests.web.visitor import Client


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
    """The list of extensions."""
    async with signed_in(browser, client, prepared.token, "/", **options) as page:
        yield page


@pytest.fixture
async def box(
    extensions: Extensions, admin: Actor, bus: EventBus, voicemail_link: VoicemailLink
) -> Mailbox:
    """The mailbox of 1001, which is the user's; there is a message in it."""
    mine = {"users": ["user"], "voicemail": True, "voicemail_pin": "8642"}
    await extensions.update(admin, MINE, mine)
    box = Mailbox(bus, voicemail_link.spool)
    box.receive("one", minutes_ago=5)
    return box
