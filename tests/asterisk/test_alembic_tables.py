"""A real Asterisk and the bridge on tables that Asterisk's own alembic scripts made."""

from __future__ import annotations

import asyncpg
import pytest

from pbxbridge.check_schema import schema_results
from tests.rig.system import System, leave_message
from tests.sip import Answer, Phone

pytestmark = pytest.mark.parametrize("system", ["alembic"], indirect=True)

# As others fill these tables, who use what the bridge does not.
BY_HAND = """
INSERT INTO ps_aors (id, max_contacts) VALUES ('6001', 1);
INSERT INTO ps_auths (id, auth_type, username, password)
    VALUES ('6001', 'userpass', '6001', 'by-hand');
INSERT INTO ps_endpoints (id, aors, auth, context, allow, language)
    VALUES ('6001', '6001', '6001', 'extensions', 'ulaw', 'de');
"""


async def test_phones_register_call_and_leave_messages(system: System) -> None:
    results = await schema_results("realtime tables", "realtime")
    assert [result.detail for result in results if not result.ok] == []
    await system.extension("1001", "Zoë; Müller")
    await system.extension(
        "1002", "Bob", voicemail=True, voicemail_pin="8642", voicemail_email="bob@example.com"
    )
    async with system.registered("1001", "1002") as (zoe, bob):
        bob.on_incoming = Answer()
        call = await zoe.call("1002")
        await call.wait_answered()
        assert bob.incoming[-1].caller_name == "Zoë; Müller"
        await call.hangup()
        await bob.unregister()
        await leave_message(zoe, "1002")
        (mail,) = await system.catcher.wait_for(1)
        assert "Zoë; Müller" in str(mail.message["Subject"])
        assert await bob.register() == 200
        assert (await bob.wait_mwi(lambda waiting: waiting.new == 1)).new == 1


async def test_an_endpoint_made_by_hand_goes_on_beside_those_of_the_bridge(system: System) -> None:
    connection = await asyncpg.connect(system.settings.database.url.get_secret_value())
    try:
        await connection.execute(BY_HAND)
    finally:
        await connection.close()
    await system.extension("1003", "Carol")
    async with system.registered("1003") as (carol,):
        carol.on_incoming = Answer()
        async with Phone("6001", "by-hand", "127.0.0.1", system.asterisk.ports.sip) as theirs:
            assert await theirs.register() == 200
            call = await theirs.call("1003")
            await call.wait_answered()
            await call.hangup()
            await theirs.unregister()
