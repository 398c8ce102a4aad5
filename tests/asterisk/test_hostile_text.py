"""Free text is shown as typed; none of it is evaluated by the dialplan or reaches AMI."""

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import PsEndpoint
from pbxbridge.services.extension_input import parse_extension
from tests.rig.databases import ENGINES
from tests.rig.portal_client import portal_client
from tests.rig.system import TESTER, System, leave_message
from tests.sip import Ring

# Each would show something else if it were evaluated: an epoch, a channel, a sum, a process.
HARMFUL_IF_EVALUATED = [
    "${EPOCH}",
    "${CHANNEL}",
    "${SHELL(id)}",
    "$[1+1]",
    "a,b,c",
    "one; two",
    "x) & System(id)",
    "`id` | $(id)",
    "%{EPOCH} %0d%0a",
    "O'Neil & Zoë",
]
# These cannot be part of a caller ID name at all.
REFUSED = ['say "hi"', "<sip:evil@x>", "A\r\nAction: Originate", "A\nB", "A\x00B", "back\\slash"]


pytestmark = pytest.mark.parametrize("system", ENGINES, indirect=True)


@pytest.fixture(scope="module", autouse=True)
async def _extensions(system: System) -> None:
    await system.extension("3001", "Caller")
    await system.extension(
        "3002", "Callee", voicemail=True, voicemail_pin="8642", voicemail_email="c@example.com"
    )


@pytest.mark.parametrize("name", HARMFUL_IF_EVALUATED)
async def test_a_caller_id_name_is_shown_as_it_was_typed(system: System, name: str) -> None:
    await system.extensions.update(TESTER, "3001", {"caller_id_name": name})
    async with system.registered("3001", "3002") as (caller, callee):
        callee.on_incoming = Ring()
        call = await caller.call("3002")
        assert (await callee.wait_incoming()).caller_name == name
        await call.hangup()


async def test_a_hostile_name_goes_through_voicemail_and_mail_unharmed(system: System) -> None:
    name = "${EPOCH}, $[1+1]; x"
    await system.extensions.update(TESTER, "3001", {"caller_id_name": name})
    async with system.registered("3001") as (caller,):
        await leave_message(caller, "3002")
    (mail,) = await system.catcher.wait_for(1)
    assert name in str(mail.message["Subject"])


@pytest.mark.parametrize("name", REFUSED)
async def test_what_no_name_can_hold_is_refused_and_nothing_is_written(
    system: System, name: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_extension({"number": "3009", "caller_id_name": name})
    assert list(refused.value.fields) == ["caller_id_name"]


async def test_the_portal_refuses_them_too(system: System) -> None:
    async with portal_client(system.address) as client:
        await client.sign_in("admin", system.admin_password)
        for name in REFUSED:
            status, _ = await client.post("/extensions", number="3009", caller_id_name=name)
            assert status == 422, name
    assert not await Extension.filter(number="3009").exists()
    assert not await PsEndpoint.filter(id="3009").exists()
    assert "Unable to find" in await system.asterisk.cli("pjsip show endpoint 3009")
