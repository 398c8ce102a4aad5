"""A headless Chromium for the tests, driven by Playwright."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

REPOSITORY = Path(__file__).resolve().parents[2]
# What asterisk-test-config/get_chromium.py leaves.
LAUNCHER = REPOSITORY / ".cache/chromium/launcher"
FLAGS = [
    "--headless",
    "--no-sandbox",  # the sandbox needs rights that a container does not give
    "--disable-gpu",
    # Nothing but the page under test may reach for the network.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Pages of one context need no process each: to start one takes longer than a page.
    "--process-per-site",
    "--renderer-process-limit=1",
]
# A loaded machine is slow, not wrong: only a failing test waits this long.
PATIENCE_MS = 15_000
# Playwright is faster than the scripts of a page, and a click before they are there follows the
# plain link. No mouse reaches anything until they are, as no person's would: Playwright waits.
WHEN_READY = """
const wait = new CSSStyleSheet();
wait.replaceSync("* { pointer-events: none !important }");
document.adoptedStyleSheets = [wait];
document.addEventListener("DOMContentLoaded", () => { document.adoptedStyleSheets = []; });
"""


def chromium() -> Path:
    """Return the browser to run. Raises FileNotFoundError if ``make chromium`` was not run."""
    if not LAUNCHER.exists():
        raise FileNotFoundError("There is no Chromium yet: run `make chromium`.")
    return LAUNCHER


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Run a browser for the length of the block."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=FLAGS, headless=True
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """Open a page with cookies of its own; ``options`` are those of Playwright's new_context.

    Every wait of the page fails after 15 seconds. A script error, or a script or style that the
    Content-Security-Policy refused, fails the block at its end.
    """
    context = await browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    if options.get("java_script_enabled", True):
        await context.add_init_script(WHEN_READY)
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            problems.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    try:
        yield page
    finally:
        await context.close()
    assert not problems, problems
