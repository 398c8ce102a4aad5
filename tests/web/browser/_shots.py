import pyotp
from playwright.async_api import Browser, expect
from pbxbridge.services.actor import Actor
from pbxbridge.services.people import Role
from pbxbridge.services.user_input import UserInput
from tests.rig.browser import open_page
from tests.web.conftest import PASSWORD, Client, Prepared
from web.app import Portal


async def test_shots(browser: Browser, client: Client, prepared: Prepared, portal: Portal, admin: Actor) -> None:
    await portal.users.create(admin, UserInput(login="ada@pbx.local", name="Ada Lovelace", email="ada.lovelace@pbx.local", role=Role.USER, extensions=["1001", "1002"]))
    await portal.users.create(admin, UserInput(login="grace", name="Grace Hopper", email="grace@pbx.local", role=Role.OPERATOR, extensions=["1003"]))
    await portal.accounts.sign_in("admin", PASSWORD, "192.0.2.9", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    await portal.api_tokens.create(admin, "Backup script", "read", 90)
    home = str(client.make_url("/"))
    for name, size, scheme in (("wide", {"width": 1280, "height": 900}, "light"), ("phone", {"width": 390, "height": 844}, "dark")):
        async with open_page(browser, viewport=size, color_scheme=scheme, bypass_csp=True) as page:
            async def shot(what: str) -> None:
                await page.wait_for_timeout(300)
                await page.screenshot(path=f"/tmp/shot-{name}-{what}.png", full_page=True)
            await page.goto(home)
            await shot("sign-in")
            await page.goto(home + "reset")
            await shot("reset")
            await page.get_by_label("Login name").fill("ada@pbx.local")
            await page.get_by_role("button", name="Send a code").click()
            await shot("reset-code")
            await page.context.add_cookies([{"name": "session", "value": prepared.token, "url": home}])
            await page.goto(home + "users")
            await shot("users")
            await page.get_by_label("Edit user ada@pbx.local").click()
            await expect(page.locator(".editor")).to_be_visible()
            await shot("users-edit")
            await page.locator(".editor").get_by_label("E-mail").fill("nonsense")
            await page.get_by_role("button", name="Save").click()
            await expect(page.get_by_role("alert")).to_be_visible()
            await shot("users-error")
            await page.goto(home + "users")
            await page.get_by_role("button", name="New User").click()
            await page.locator("#login-new_user").fill(f"edith-{name}")
            await page.get_by_role("button", name="Save").click()
            await expect(page.get_by_label("One-time password")).to_be_visible()
            await shot("users-created")
            await page.get_by_label("Delete user grace").click()
            await shot("users-delete")
            await page.goto(home + "profile")
            await shot("profile")
            await page.goto(home + "profile/second-factor")
            await shot("factor")
            if name == "phone":
                await page.get_by_role("button", name="Menu").click()
                await shot("menu")
                await page.keyboard.press("Escape")
            await page.get_by_role("button", name="Your account").click()
            await shot("account")
            await page.context.add_cookies([{"name": "session", "value": prepared.tokens[Role.OPERATOR], "url": home}])
            await page.goto(home + "users")
            await shot("operator-users")
            await page.goto(home + "extensions")
            await page.get_by_label("Show extension 1001").click()
            await expect(page.locator(".editor")).to_be_visible()
            await shot("operator-extensions")
            await page.context.add_cookies([{"name": "session", "value": prepared.tokens[Role.USER], "url": home}])
            await page.goto(home)
            await shot("user-home")
            await page.goto(home + "users")
            await shot("user-refused")
