"""A morning in a call centre: flag, wallboard and the queue's own QueueStatus always agree."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Page

from pbxbridge.asterisk.ami_connection import open_connection
from pbxbridge.asterisk.ami_login import login
from pbxbridge.models.realtime import QueueMember
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.site import site_of
from tests.eventually import PATIENCE_SECONDS
from tests.rig.browser import open_browser, open_page
from tests.rig.portal_client import PortalClient, portal_client
from tests.rig.restartable import RestartableBridge, restartable_bridge
from tests.rig.sipp import SippResult, run_sipp
from tests.rig.system import TESTER
from tests.sip import Phone, Ring

QUEUE, NUMBER = "sales", "600"
ADA, BOB, CAROL, CALLER = "1001", "1002", "1003", "1009"
PIN = "8642"
_MEMBERS = """
[...document.querySelectorAll("#members-sales li:not(.logged-out, .nobody)")].map(li => [
  li.querySelector(".who").innerText.match(/1\\d\\d\\d/)?.[0] ?? "",
  li.querySelector(".doing").firstChild.textContent.trim(),
])
"""
_FIGURES = """
Object.fromEntries([...document.querySelectorAll("#queue-sales dl > div")].map(
  div => [div.querySelector("dt").innerText, div.querySelector("dd:last-child").innerText]))
"""
# AST_DEVICE_* by the wallboard's words.
_WORDS = {"1": "Ready", "2": "On call", "5": "Unreachable", "6": "Ringing"}


@dataclass(frozen=True)
class Seen:
    """What one of the three says: what is done at each extension, and how many wait."""

    members: Mapping[str, str]
    waiting: int
    totals: tuple[int, int] | None = None


@dataclass
class Centre:
    """The call centre, its people, and who looks at it."""

    bridge: RestartableBridge
    phones: Mapping[str, Phone]
    secret: str
    wallboard: Page
    admin: PortalClient
    extensions: Extensions
    paused: dict[str, str] = field(default_factory=dict)

    async def asterisk_says(self) -> Seen:
        """Ask the queue itself."""
        settings = next(iter(self.bridge.settings.by_node().values()))
        async with open_connection("127.0.0.1", settings.ami_port, 10) as connection:
            await login(connection, settings, events="off")
            answer = await connection.action("QueueStatus", Queue=QUEUE)
        members, waiting, totals = {}, 0, (0, 0)
        for item in answer.items:
            match item["Event"]:
                case "QueueMember":
                    word = "Paused" if item["Paused"] == "1" else _WORDS[item["Status"]]
                    busy = item["InCall"] == "1" or item["Status"] == "2"
                    number = item["Location"].removeprefix("PJSIP/")
                    members[number] = "On call" if busy else word
                case "QueueParams":
                    waiting, totals = (
                        int(item["Calls"]),
                        (int(item["Completed"]), int(item["Abandoned"])),
                    )
        return Seen(members, waiting, totals)

    async def wallboard_says(self) -> Seen:
        """Read the page as it is now."""
        members = dict(await self.wallboard.evaluate(_MEMBERS))
        figures = await self.wallboard.evaluate(_FIGURES)
        totals = int(figures["Answered"]), int(figures["Abandoned"])
        return Seen(members, int(figures["Waiting"]), totals)

    async def flags(self) -> dict[str, str]:
        """Return what the extensions' rows say, of those whose flag is Yes: what is done there."""
        page = await self.admin.page("/extensions")
        cells = re.findall(r'id="agent-(\w+)">Yes(?:<span[^>]*>([^<]*)</span>)?', page)
        return {number: re.sub(r"^\d+ · | \(.*\)", "", said) for number, said in cells}

    async def agree(self, members: Mapping[str, str], waiting: int = 0) -> Seen:
        """Wait until all three say this; return what the wallboard says."""
        wanted = Seen(members, waiting)
        said: object = None
        for _ in range(int(PATIENCE_SECONDS / 0.05)):
            asterisk, wallboard = await self.asterisk_says(), await self.wallboard_says()
            flags = await self.flags()
            said = asterisk, wallboard, flags
            if (
                (asterisk.members, asterisk.waiting) == (wanted.members, wanted.waiting)
                and (wallboard.members, wallboard.waiting) == (wanted.members, wanted.waiting)
                and flags == wanted.members
            ):
                return wallboard
            await asyncio.sleep(0.05)
        raise AssertionError(f"{wanted} wanted, {said}")

    async def totals(self, answered: int, abandoned: int) -> None:
        """Wait until the wallboard shows these of today."""
        wanted = answered, abandoned
        for _ in range(int(PATIENCE_SECONDS / 0.05)):
            if (await self.wallboard_says()).totals == wanted:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{wanted} wanted, {await self.wallboard_says()}")

    async def dial(self, extension: str, code: str, *typed: str) -> None:
        """Dial a feature code and type what it asks for."""
        call = await self.phones[extension].call(code)
        await call.wait_answered()
        for digits in typed:
            # It listens from the beginning of the prompt on.
            await asyncio.sleep(0.5)
            await call.send_dtmf(f"{digits}#")
        await call.wait_ended(20)

    def caller(self, hold_ms: int) -> asyncio.Task[SippResult]:
        """Have SIPp call the queue, and hang up after that time."""
        return asyncio.create_task(
            run_sipp(
                "uac_registered",
                ("127.0.0.1", self.bridge.asterisk.ports.sip),
                calls=1,
                rate=1,
                number=NUMBER,
                user=CALLER,
                secret=self.secret,
                hold_ms=hold_ms,
            )
        )


@asynccontextmanager
async def looking(bridge: RestartableBridge) -> AsyncIterator[tuple[Page, PortalClient]]:
    """Sign in twice: at the wallboard in a browser, and at the list of extensions."""
    async with (
        portal_client(bridge.address) as admin,
        open_browser() as browser,
        open_page(browser, viewport={"width": 1280, "height": 800}) as page,
    ):
        await admin.sign_in("admin", bridge.admin_password)
        await page.context.add_cookies(
            [{"name": "session", "value": admin.session_cookie, "url": bridge.address}]
        )
        await page.goto(f"{bridge.address}wallboard/{QUEUE}")
        yield page, admin


@pytest.fixture
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Centre]:
    """Two agents and a static member, with phones; nobody is logged in."""
    async with restartable_bridge(tmp_path_factory.mktemp("centre")) as bridge:
        extensions = Extensions(bridge.bus, site_of(bridge.settings), Licences(None))
        for number in (ADA, BOB, CAROL, CALLER):
            values = {"number": number, "caller_id_name": "Somebody"}
            logins = number in (ADA, BOB)
            await extensions.create(TESTER, parse_extension({**values, "agent_logins": logins}))
        agents = Agents(bridge.bus, None, ())
        for number, name in (("101", "Ada"), ("102", "Bob")):
            people = {"first_name": name, "last_name": "Byron", "pin": PIN}
            await agents.create(TESTER, {"number": number, **people})
        await Queues(bridge.bus).create(
            TESTER,
            {"name": QUEUE, "number": NUMBER, "agents": "101, 102", "extensions": CAROL},
        )
        phones = {}
        for number in (ADA, BOB, CAROL):
            secret = await extensions.secret(TESTER, number)
            phones[number] = Phone(number, secret, "127.0.0.1", bridge.asterisk.ports.sip)
            await phones[number].start()
            assert await phones[number].register() == 200
            phones[number].on_incoming = Ring()
        async with looking(bridge) as (wallboard, admin):
            secret = await extensions.secret(TESTER, CALLER)
            yield Centre(bridge, phones, secret, wallboard, admin, extensions)
        for phone in phones.values():
            await phone.close()


async def test_a_morning_in_a_call_centre(centre: Centre) -> None:
    await centre.agree({CAROL: "Ready"})
    await agents_log_in_by_phone(centre)
    await a_call_is_answered(centre)
    await a_call_is_abandoned(centre)
    await an_agent_pauses(centre)
    await the_bridge_restarts(centre)
    await asterisk_restarts(centre)
    await extensions_are_deleted(centre)


async def agents_log_in_by_phone(centre: Centre) -> None:
    await centre.dial(ADA, "*45", "101", PIN)
    await centre.agree({ADA: "Ready", CAROL: "Ready"})
    await centre.dial(BOB, "*45", "102", PIN)
    await centre.agree({ADA: "Ready", BOB: "Ready", CAROL: "Ready"})


async def a_call_is_answered(centre: Centre) -> None:
    caller = centre.caller(hold_ms=6000)
    await centre.agree({ADA: "Ringing", BOB: "Ringing", CAROL: "Ringing"}, waiting=1)
    await centre.phones[ADA].incoming[-1].answer()
    await centre.agree({ADA: "On call", BOB: "Ready", CAROL: "Ready"})
    assert (await caller).successful == 1
    await centre.agree({ADA: "Ready", BOB: "Ready", CAROL: "Ready"})
    await centre.totals(answered=1, abandoned=0)
    assert (await centre.asterisk_says()).totals == (1, 0)


async def a_call_is_abandoned(centre: Centre) -> None:
    caller = centre.caller(hold_ms=3000)
    await centre.agree({ADA: "Ringing", BOB: "Ringing", CAROL: "Ringing"}, waiting=1)
    assert (await caller).successful == 1
    await centre.agree({ADA: "Ready", BOB: "Ready", CAROL: "Ready"})
    await centre.totals(answered=1, abandoned=1)
    assert (await centre.asterisk_says()).totals == (1, 1)


async def an_agent_pauses(centre: Centre) -> None:
    await centre.dial(BOB, "*461")
    await centre.agree({ADA: "Ready", BOB: "Paused", CAROL: "Ready"})
    assert "Paused (Break)" in await centre.admin.page("/extensions")


async def the_bridge_restarts(centre: Centre) -> None:
    await centre.bridge.stop()
    await centre.bridge.start()
    await centre.agree({ADA: "Ready", BOB: "Paused", CAROL: "Ready"})
    await centre.totals(answered=1, abandoned=1)


async def asterisk_restarts(centre: Centre) -> None:
    await centre.bridge.asterisk.restart()
    await centre.agree({ADA: "Ready", BOB: "Paused", CAROL: "Ready"})
    # Asterisk counts anew; the day goes on.
    assert (await centre.asterisk_says()).totals == (0, 0)
    await centre.totals(answered=1, abandoned=1)


async def extensions_are_deleted(centre: Centre) -> None:
    for number, left in ((CAROL, {ADA: "Ready", BOB: "Paused"}), (ADA, {BOB: "Paused"})):
        question = await centre.admin.page(f"/extensions/{number}/delete")
        uses = "is a static member of queue sales" if number == CAROL else "Agent 101 is logged in"
        assert uses in question
        refused, _ = await centre.admin.post(f"/extensions/{number}/delete")
        assert refused == 422
        keys = re.findall(r'name="(known-[^"]+)"', question)
        status, _ = await centre.admin.post(
            f"/extensions/{number}/delete", **dict.fromkeys(keys, "on")
        )
        assert status == 200
        await centre.agree(left)
    assert not await QueueMember.all()
