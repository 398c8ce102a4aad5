"""Users, profile, second factor and the menu, in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from pbxbridge.services.actor import Actor
from pbxbridge.services.people import Role
from pbxbridge.services.user_input import UserInput
from tests.rig.browser import open_page
from tests.web.browser.screen import fits
from tests.web.conftest import PASSWORD, Prepared
from tests.web.visitor import Client
from web.app import Portal

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
BOTH = pytest.mark.parametrize("options", [{"viewport": DESK}, {"viewport": PHONE}])
ADA = "user-ada_40_pbx_2e_local"


@pytest.fixture(autouse=True)
async def _ada(portal: Portal, admin: Actor, _three_extensions: None) -> None:
    wanted = UserInput(
        login="ada@pbx.local",
        name="Ada",
        email="ada@pbx.local",
        role=Role.USER,
        extensions=["1001"],
    )
    await portal.users.create(admin, wanted)


@pytest.fixture
async def page(
    browser: Browser, client: Client, prepared: Prepared, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The users, as the administrator sees them."""
    async with open_page(browser, **options) as page:
        home = str(client.make_url("/"))
        await page.context.add_cookies([{"name": "session", "value": prepared.token, "url": home}])
        await page.goto(f"{home}users")
        yield page


@pytest.fixture
async def entrance(
    browser: Browser, client: Client, options: dict[str, Any]
) -> AsyncIterator[Page]:
    """The sign-in page."""
    async with open_page(browser, **options) as page:
        await page.goto(str(client.make_url("/")))
        yield page


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    await page.get_by_label("Login name").click()  # the page's scripts are there
    await page.get_by_label("Login name").fill("admin")
    await page.get_by_label("Password", exact=True).fill(password)
    await page.keyboard.press("Enter")


@BOTH
async def test_a_new_user_is_shown_with_the_password_to_hand_over(
    page: Page, portal: Portal
) -> None:
    await page.get_by_role("button", name="New User").click()
    login = page.locator("#login-new_user")
    await expect(login).to_be_focused()
    await page.keyboard.type("grace")
    await page.locator("#extensions-new_user").fill("1002 9999")
    await page.keyboard.press("Enter")
    extensions = page.locator("#extensions-new_user")
    await expect(extensions).to_be_focused()
    await expect(extensions).to_have_accessible_description(
        re.compile("^There is no extension 9999.")
    )
    await expect(login).to_have_value("grace")
    await fits(page)
    await extensions.fill("1002, 1003")
    await page.keyboard.press("Enter")
    password = page.get_by_label("One-time password", exact=True)
    await expect(password).to_be_visible()
    await fits(page)
    assert await portal.accounts.sign_in("grace", await password.input_value(), "")
    await expect(page.locator("#notice")).to_have_text("User created")
    await page.get_by_text("Done", exact=True).click()
    await expect(password).to_have_count(0)
    await expect(page.locator("#user-grace")).to_contain_text("1002, 1003")


@BOTH
async def test_editing_opens_in_the_row_and_saving_says_so(page: Page, portal: Portal) -> None:
    row = page.locator(f"#{ADA}")
    await row.get_by_text("Ada", exact=True).dblclick()
    name = row.get_by_label("Name")
    await expect(name).to_be_focused()
    await fits(page)
    await name.fill("Ada Lovelace")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await expect(row.locator("form")).to_have_count(0)
    await expect(row).to_contain_text("Ada Lovelace")
    edit = page.get_by_label("Edit user ada@pbx.local")
    await edit.click()
    await expect(name).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(row.locator("form")).to_have_count(0)
    await expect(edit).to_be_focused()
    assert (await portal.users.get("ada@pbx.local")).name == "Ada Lovelace"


async def test_a_change_of_somebody_else_is_shown_and_not_written_over(
    page: Page, portal: Portal, admin: Actor
) -> None:
    row = page.locator(f"#{ADA}")
    await page.get_by_label("Edit user ada@pbx.local").click()
    await row.get_by_label("Name").fill("Mine")
    await portal.users.update(admin, "ada@pbx.local", {"name": "Theirs"})
    await row.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed")
    await expect(row.locator(".row")).to_contain_text("Theirs")
    await expect(row.get_by_label("Name")).to_have_value("Mine")
    await row.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    assert (await portal.users.get("ada@pbx.local")).name == "Mine"


@BOTH
async def test_deleting_asks_first(page: Page) -> None:
    await page.get_by_label("Delete user ada@pbx.local").click()
    dialog = page.get_by_role("dialog", name="Delete user ada@pbx.local?")
    await expect(dialog).to_contain_text("Extension 1001 stays")
    await dialog.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("User deleted")
    await expect(page.locator(f"#{ADA}")).to_have_count(0)
    await expect(page.locator("#list-foot")).to_contain_text("3 users")


async def test_who_may_not_be_deleted_is_not(page: Page) -> None:
    await page.get_by_label("Delete user admin").click()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_contain_text("You cannot delete yourself.")
    await expect(page.locator("#user-admin")).to_be_visible()


async def test_searching_while_typing(page: Page) -> None:
    await page.get_by_role("searchbox").press_sequentially("ada")
    await expect(page.locator("tbody.entry")).to_have_count(1)
    await expect(page.locator(f"#{ADA}")).to_be_visible()


@BOTH
async def test_a_second_factor_is_set_up_and_asked_for(page: Page) -> None:
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("link", name="Your profile").click()
    await page.get_by_role("link", name="Set up").click()
    picture = await page.get_by_role("img", name="QR code").bounding_box()
    assert picture
    assert picture["height"] > 150
    await fits(page)
    app = pyotp.TOTP(await page.locator("#secret").input_value())
    await page.get_by_label("Code", exact=True).fill("000000")
    await page.keyboard.press("Enter")
    code = page.get_by_label("Code", exact=True)
    await expect(code).to_have_accessible_description(
        "This code is wrong. Is the phone's time right?"
    )
    await code.fill(app.now())
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_have_text("Second factor switched on")
    await fits(page)
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("button", name="Sign out").click()
    await sign_in(page)
    code = page.get_by_label("Code", exact=True)
    await expect(code).to_be_focused()
    await expect(page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
    await fits(page)
    await code.fill("000000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
    # The one after the code that switched it on: none is taken twice.
    await page.get_by_label("Code", exact=True).fill(app.at(datetime.now(UTC), counter_offset=1))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Extensions")).to_be_visible()


@BOTH
async def test_a_wrong_password_can_be_mended_in_place(entrance: Page) -> None:
    await sign_in(entrance, "wrong")
    await expect(entrance.get_by_role("alert")).to_contain_text("wrong")
    await expect(entrance.get_by_label("Login name")).to_have_value("admin")
    await entrance.get_by_label("Password", exact=True).fill(PASSWORD)
    await entrance.keyboard.press("Enter")
    await expect(entrance.get_by_role("heading", name="Extensions")).to_be_visible()


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_the_second_factor_is_asked_for_too(
    entrance: Page, portal: Portal, admin: Actor
) -> None:
    enrolment = await portal.second_factor.begin(admin)
    app = pyotp.TOTP(enrolment.secret)
    await portal.second_factor.confirm(admin, enrolment.secret, app.now())
    await sign_in(entrance)
    await expect(entrance.get_by_label("Password", exact=True)).to_have_value("")
    await entrance.get_by_label("Password", exact=True).fill(PASSWORD)
    code = app.at(datetime.now(UTC), counter_offset=1)
    await entrance.get_by_label("Code", exact=True).fill(code)
    await entrance.get_by_role("button", name="Sign in").click()
    await expect(entrance.get_by_role("heading", name="Extensions")).to_be_visible()


@BOTH
async def test_a_token_is_made_copied_and_revoked(page: Page, portal: Portal) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(page.url.replace("/users", "/profile"))
    await page.get_by_label("What it is for").fill("Backup")
    await page.get_by_role("button", name="New token").click()
    await expect(page.get_by_role("button", name="Copy token")).to_be_visible()
    # What copies is a script of the new page.
    await page.wait_for_load_state("load")
    await page.get_by_role("button", name="Copy token").click()
    await expect(page.locator("#notice")).to_have_text("Copied")
    await fits(page)
    token = await page.evaluate("navigator.clipboard.readText()")
    assert await portal.api_tokens.authenticate(token)
    await page.get_by_text("Revoke Backup…").click()
    await fits(page)
    await page.get_by_role("button", name="Revoke Backup").click()
    await expect(page.locator("#notice")).to_have_text("Token revoked")
    assert await portal.api_tokens.authenticate(token) is None


@BOTH
async def test_an_operator_looks_and_changes_nothing(page: Page, prepared: Prepared) -> None:
    home = page.url.replace("/users", "/")
    operator = prepared.tokens[Role.OPERATOR]
    await page.context.add_cookies([{"name": "session", "value": operator, "url": home}])
    await page.goto(home)
    await page.get_by_label("View extension 1001").click()
    name = page.locator("#caller_id_name-1001")
    await expect(name).to_have_value("Ada")
    await expect(name).to_be_disabled()
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)
    await expect(page.get_by_role("button", name="Show secret")).to_have_count(0)
    await fits(page)
    await page.get_by_role("button", name="Close").click()
    await expect(name).to_have_count(0)
    await page.goto(f"{home}users")
    await page.locator(f"#{ADA}").get_by_text("Ada", exact=True).dblclick()
    await expect(page.locator("form.editor")).to_have_count(0)
    await fits(page)


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
async def test_without_scripts_forms_and_links_still_work(page: Page, portal: Portal) -> None:
    await page.get_by_role("button", name="New User").click()
    await page.locator("#login-new_user").fill("grace")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("One-time password", exact=True)).to_be_visible()
    await page.get_by_text("Done", exact=True).click()
    await page.get_by_label("Edit user grace").click()
    await page.get_by_label("Name", exact=True).fill("Grace")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notice")).to_have_text("Changes saved")
    await page.get_by_label("Delete user grace").click()
    await page.get_by_role("button", name="OK, delete").click()
    await expect(page.locator("#notice")).to_have_text("User deleted")
