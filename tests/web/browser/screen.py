"""What the browser tests do to the Extensions screen, and to any."""

from __future__ import annotations

from playwright.async_api import Locator, Page

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror


async def save(
    extensions: Extensions, admin: Actor, number: str, name: str, **fields: object
) -> None:
    values = {"number": number, "caller_id_name": name} | fields
    if number in await extensions.monitored():
        await extensions.update(admin, number, values)
    else:
        await extensions.create(admin, parse_extension(values))


def row(page: Page, number: str) -> Locator:
    return page.locator(f"#extension-{number}")


def registered(mirror: EagerMirror, number: str, status: str = "Reachable") -> None:
    mirror.contact_changed(ContactReport(number, f"sip:{number}@198.251.100.250:45060", status))


async def order(page: Page) -> list[str]:
    ids: list[str] = await page.locator("tbody.extension").evaluate_all(
        "all => all.map(one => one.id.replace('extension-', ''))"
    )
    return ids


async def widen(page: Page, width: int) -> None:
    """Make the screen so wide, or so narrow, and wait until the page is."""
    await page.set_viewport_size({"width": width, "height": 800})
    await page.wait_for_function("width => innerWidth === width", arg=width)


async def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.viewport_size
    width = page.viewport_size["width"]
    assert await page.evaluate("document.documentElement.scrollWidth") == width, page.url
