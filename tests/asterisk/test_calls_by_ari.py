"""An admin rings a phone, sees what phones do, hangs them up: a real Asterisk, real phones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from pbxbridge.asterisk.ari import asterisk_version
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.models.audit_entry import AuditEntry
from tests.eventually import PATIENCE_SECONDS, eventually
from tests.rig.asterisk_edits import edited
from tests.rig.portal_client import PortalClient, portal_client
from tests.rig.system import System
from tests.sip import Call, CallState, Ring

READ_ONLY = ("ari.conf", "read_only = no", "read_only = yes")


@pytest.fixture(scope="module")
async def admin(system: System) -> AsyncIterator[PortalClient]:
    """An administrator at the portal; there are 1001 and 1002 with phones, and others without."""
    await system.extension("1001", "Alice")
    await system.extension("1002", "Bob")
    await system.extension("1003", "Carol")
    await system.extension("1004", "Dave", device_type="VIRTUAL", forward_all="1001")
    await system.extension("2001", "Erin", device_type="IAX2")
    await system.told()
    async with portal_client(system.address) as client:
        await client.sign_in("admin", system.admin_password)
        yield client


async def word(admin: PortalClient, number: str) -> str:
    """Return what the row of an extension says of its phone."""
    row = await admin.page(f"/extensions/{number}")
    found = re.search(rf'id="call-{number}">(?:<span[^>]*>([^<]*)</span>)?</span>', row)
    assert found, row
    return found[1] or ""


async def shows(admin: PortalClient, **wanted: str) -> None:
    """Wait until the rows say this, by extension with an underscore before it."""
    said: dict[str, str] = {}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while said != wanted:
            said = {each: await word(admin, each.removeprefix("_")) for each in wanted}
            await asyncio.sleep(0.02)


async def audited(action: str, number: str) -> list[tuple[str, object]]:
    entries = await AuditEntry.filter(action=action, subject=number).order_by("id")
    return [(entry.actor, entry.after) for entry in entries]


def heard(call: Call) -> float:
    """Return how many seconds of something louder than noise came."""
    return sum(abs(sample) > 500 for sample in call.received.samples) / 8000


async def test_a_phone_is_rung_and_says_something(system: System, admin: PortalClient) -> None:
    assert await word(admin, "1001") == ""
    async with system.registered("1001") as [alice]:
        await shows(admin, _1001="Idle")
        alice.on_incoming = Ring()
        status, dialog = await admin.post("/extensions/1001/ring")
        assert (status, "The phone of extension 1001 is being rung." in dialog) == (200, True)
        await eventually(lambda: alice.incoming)
        [call] = alice.incoming
        await call.wait_ringing()
        assert (call.caller_name, call.caller_number) == ("pbxbridge", "1001")
        await shows(admin, _1001="Ringing")
        await call.answer()
        await shows(admin, _1001="In use")
        await call.wait_ended()
        assert call.ended_by == "remote"
        assert heard(call) > 0.2
        await shows(admin, _1001="Idle")
    assert await audited("extension.rung", "1001") == [("admin", {"device": "PJSIP/1001"})]


async def test_both_phones_of_a_call_are_shown_and_hung_up(
    system: System, admin: PortalClient
) -> None:
    async with system.registered("1001", "1002") as (alice, bob):
        bob.on_incoming = Ring()
        call = await alice.call("1002")
        await call.wait_ringing()
        await shows(admin, _1001="In use", _1002="Ringing", _1003="")
        await bob.incoming[0].answer()
        await call.wait_answered()
        await shows(admin, _1001="In use", _1002="In use")
        status, dialog = await admin.post("/extensions/1002/hang-up")
        assert (status, "One call was hung up." in dialog) == (200, True)
        await call.wait_ended()
        assert (call.ended_by, bob.incoming[0].ended_by) == ("remote", "remote")
        await shows(admin, _1001="Idle", _1002="Idle")
    assert await audited("extension.hung-up", "1002") == [("admin", {"calls": 1})]


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("1003/ring", "Asterisk cannot ring extension 1003: its phone is not registered."),
        ("2001/ring", "Asterisk cannot ring extension 2001: its phone is not registered."),
        ("1004/ring", "Extension 1004 has no device that could ring."),
        ("1003/hang-up", "Extension 1003 has no call to hang up."),
    ],
)
async def test_what_is_not_possible_is_said(admin: PortalClient, what: str, sentence: str) -> None:
    status, dialog = await admin.post(f"/extensions/{what}")
    assert (status, sentence in dialog) == (422, True)
    number = what.partition("/")[0]
    assert not await audited("extension.rung", number) + await audited("extension.hung-up", number)


async def test_after_a_restart_phones_are_shown_as_they_are_then(
    system: System, admin: PortalClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with system.registered("1001", "1002") as (alice, bob):
        call = await alice.call("1002")
        await call.wait_answered()
        await shows(admin, _1001="In use")
        await system.asterisk.kill()
        await shows(admin, _1001="", _1002="")
        status, dialog = await admin.post("/extensions/1001/ring")
        assert (status, "No ARI at http" in dialog or "closed the ARI" in dialog) == (422, True)
        for phone in (alice, bob):
            for each in (*phone.incoming, *phone.outgoing):
                each.finish("local")
        await system.asterisk.start()
        assert await alice.register() == 200
        assert await bob.register() == 200
        await shows(admin, _1001="Idle", _1002="Idle")
        again = await alice.call("1002")
        await again.wait_answered()
        await shows(admin, _1001="In use", _1002="In use")
        await again.hangup()
        await shows(admin, _1001="Idle", _1002="Idle")
        assert again.state is CallState.ENDED
    assert "ari" in caplog.text
    assert system.asterisk.ari_secret not in caplog.text
    assert "api_key" not in caplog.text


async def test_a_user_of_ari_who_may_only_read_is_told(system: System, admin: PortalClient) -> None:
    sentence = "ARI user pbxbridge may only read"
    [node] = system.settings.by_node().values()
    with edited(system.asterisk, READ_ONLY):
        await system.asterisk.cli("module reload res_ari.so")
        with pytest.raises(AsteriskUnavailable, match=sentence):
            await asterisk_version(node)
        status, dialog = await admin.post("/extensions/1001/ring")
        assert (status, sentence in dialog) == (422, True)
    await system.asterisk.cli("module reload res_ari.so")
    assert await asterisk_version(node)
