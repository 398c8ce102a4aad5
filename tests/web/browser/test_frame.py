"""What stands around every page at every width: top bar, menu, dialog; what a finger hits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from pbxbridge.services.user_input import UserInput
from tests.rig.browser import open_page
from tests.web.browser.screen import fits, save, widen
from tests.web.conftest import PASSWORD
from tests.web.visitor import Client
from web.app import Portal

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
WIDTHS = (390, 769, 800, 835, 960, 961, 1024, 1280)
LOGIN = "ada.augusta.king.countess.of.lovelace@department.example.com"


@pytest.fixture(autouse=True)
async def _one_in_use(extensions: Extensions, admin: Actor, _three_extensions: None) -> None:
    """So that the question before deleting it is a long one."""
    for number in range(1010, 1022):
        await save(extensions, admin, str(number), "Desk", forward_busy="1001")


@pytest.fixture
async def page(
    browser: Browser, client: Client, portal: Portal, admin: Actor, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The users, as an administrator with a long login sees them."""
    _, once = await portal.users.create(admin, UserInput(login=LOGIN, role=Role.ADMIN))
    token = await portal.accounts.sign_in(LOGIN, once, "")
    token = await portal.accounts.change_password(Actor(LOGIN, ""), token, once, PASSWORD, PASSWORD)
    async with open_page(browser, **options) as page:
        home = str(client.make_url("/"))
        await page.context.add_cookies([{"name": "session", "value": token, "url": home}])
        await page.goto(f"{home}users")
        yield page


async def is_in_sight(page: Page, wanted: Locator) -> bool:
    """Whether it can be clicked without scrolling to it."""
    box = await wanted.bounding_box()
    assert box
    assert page.viewport_size
    return box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


async def test_no_width_cuts_off_a_page(page: Page, client: Client) -> None:
    for path in ("/extensions", "/audit", "/transfer", "/profile", "/users"):
        await page.goto(str(client.make_url(path)))
        for width in WIDTHS:
            await widen(page, width)
            await fits(page)


# What is in sight and is hit in its middle by neither itself nor its own content or label.
COVERED = """
() => [...document.querySelectorAll("a, button, input, select, summary")].filter(one => {
  const box = one.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const isShown = one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  if (!isShown || !box.width || one.disabled || y < 0 || y > innerHeight || x < 0) {
    return false;
  }
  const hit = document.elementFromPoint(x, y);
  return !hit || !(one.contains(hit) || hit.contains(one) && hit.matches("label, li, td, th"));
}).map(one => one.outerHTML)
"""


async def test_nothing_lies_over_what_can_be_pressed(page: Page, client: Client) -> None:
    pages = await page.locator("#menu a").evaluate_all("all => all.map(one => one.pathname)")
    for path in (*pages, "/agents", "/queues", "/queue-calls", "/trunks", "/profile"):
        await page.goto(str(client.make_url(path)))
        for width in (390, 1024, 1280, 1920):
            await widen(page, width)
            assert await page.evaluate(COVERED) == [], (path, width)


async def test_no_width_cuts_off_the_account_or_the_menu(page: Page) -> None:
    account = page.get_by_role("button", name="Your account")
    menu = page.get_by_role("button", name="Menu")
    leave = page.get_by_role("button", name="Sign out")
    for width in WIDTHS:
        await widen(page, width)
        box = await account.bounding_box()
        assert box
        assert box["x"] + box["width"] <= width
        if await menu.is_visible():
            await menu.click()
        await expect(page.get_by_role("link", name="My extension")).to_be_visible()
        await fits(page)
        await page.keyboard.press("Escape")
        await account.click()
        # As a click does, but for leaving: it is in sight, and nothing lies over it.
        await leave.click(trial=True)
        await fits(page)
        await page.keyboard.press("Escape")
        await expect(leave).to_be_hidden()
    await account.click()
    await leave.click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_on_a_phone_the_menu_opens_and_closes(page: Page) -> None:
    menu = page.get_by_role("navigation", name="Main")
    await expect(menu).to_be_hidden()
    await page.get_by_role("button", name="Menu").click()
    await expect(menu.get_by_role("link", name="Users")).to_have_attribute("aria-current", "page")
    await fits(page)
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await page.get_by_role("button", name="Menu").click()
    await menu.get_by_role("link", name="Extensions").click()
    await expect(page.get_by_role("heading", name="Extensions")).to_be_visible()


@pytest.mark.parametrize("options", [{"viewport": DESK}])
async def test_on_a_desk_the_menu_is_a_row(page: Page) -> None:
    menu = page.get_by_role("navigation", name="Main")
    await expect(menu.get_by_role("link", name="Users")).to_be_visible()
    await expect(page.get_by_role("button", name="Menu")).to_be_hidden()


@pytest.mark.parametrize("options", [{"viewport": DESK}, {"viewport": PHONE}])
@pytest.mark.parametrize(
    ("opener", "answers"),
    [("Change all…", ("Cancel", "Save")), ("Delete extension 1001", ("Cancel", "OK, delete"))],
)
async def test_a_long_dialog_can_be_answered_without_scrolling(
    page: Page, client: Client, opener: str, answers: tuple[str, ...]
) -> None:
    await page.goto(str(client.make_url("/extensions")))
    await page.get_by_role("button", name=opener).or_(page.get_by_label(opener)).click()
    dialog = page.get_by_role("dialog")
    for name in answers:
        assert await is_in_sight(page, dialog.get_by_role("button", name=name))
    # What has the focus is not below the bar.
    assert await dialog.get_by_role("checkbox").count() > 0
    assert await dialog.evaluate(BELOW_THE_BAR) == []
    await fits(page)


@pytest.mark.parametrize("options", [{"viewport": PHONE}])
async def test_a_finger_hits_every_tick_box_and_summary(page: Page, client: Client) -> None:
    for path in ("/extensions", "/extensions/1001/edit", "/profile", "/audit", "/me"):
        await page.goto(str(client.make_url(path)))
        hit = page.locator("summary:visible, [type=checkbox]:visible")
        assert all(size >= 24 for size in await hit.evaluate_all(SIZES)), path


@pytest.mark.parametrize("options", [{"viewport": DESK}, {"viewport": PHONE}])
async def test_a_long_login_is_broken_between_its_parts(page: Page) -> None:
    cell = page.get_by_role("rowheader", name="ada.augusta")
    lines: list[str] = await cell.evaluate(LINES)
    assert len(lines) > 1
    assert "".join(lines) == LOGIN
    assert all(line[-1] in ".@" for line in lines[:-1]), lines
    await fits(page)


# The tick boxes of a dialog that its bar of buttons covers when they have the focus.
BELOW_THE_BAR = """dialog => {
  const bar = dialog.querySelector(".buttons");
  return [...dialog.querySelectorAll("[type=checkbox]")].filter(box => {
    box.focus();
    return box.getBoundingClientRect().bottom > bar.getBoundingClientRect().top;
  }).map(box => box.name);
}"""
# How much of elements there is to hit, in the narrower direction.
SIZES = """all => all.map(one => {
  const box = one.getBoundingClientRect();
  return Math.min(box.width, box.height);
})"""
# The text of an element as the lines that it is laid out in.
LINES = """cell => {
  const lines = new Map();
  const range = document.createRange();
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (let at = 0; at < texts.currentNode.length; at++) {
      range.setStart(texts.currentNode, at);
      range.setEnd(texts.currentNode, at + 1);
      const top = Math.round(range.getBoundingClientRect().top);
      lines.set(top, (lines.get(top) ?? "") + range.toString());
    }
  }
  return [...lines.values()];
}"""
