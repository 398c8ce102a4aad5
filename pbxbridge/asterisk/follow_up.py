"""What the bridge asks Asterisk about devices because events leave it out.

Each asks at its own pace beside the stream of events, and never holds it up. The keep-alive judges
the link: an answer that does not come in time, such as behind a slow database, ends nothing here.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from hashlib import md5
from typing import NoReturn

from pbxbridge.asterisk.ami_connection import AmiConnection
from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.questions import Questions

# What lists cost Asterisk: at most a fiftieth of its time.
LIST_SHARE = 50


async def qualify_unprobed(connection: AmiConnection, questions: Questions, gap: float) -> NoReturn:
    """Have contacts probed that Asterisk itself would probe up to qualify_frequency later."""
    while True:
        number = await questions.next_unprobed()
        with suppress(AsteriskUnavailable):
            await connection.action("PJSIPQualify", Endpoint=number)
        await asyncio.sleep(gap)


async def ask_user_agents(connection: AmiConnection, mirror: Mirror, gap: float) -> NoReturn:
    """Read what devices call themselves from where Asterisk keeps their contacts.

    ContactStatus does not say it, and PJSIPShowEndpoint has the clear password next to it.
    """
    while True:
        aor, uri = await mirror.questions.next_unnamed()
        with suppress(AsteriskUnavailable):
            key = contact_key(aor, uri)
            stored = await connection.action("DBGet", Family="registrar/contact", Key=key)
            mirror.user_agent_told(aor, uri, _user_agent(stored))
        await asyncio.sleep(gap)


async def look_at_peers(connection: AmiConnection, questions: Questions, pause: float) -> NoReturn:
    """List the IAX2 peers while any of them has a port or a first answer that no event told.

    The items are part of the stream of events, and handled in its order.
    """
    clock = asyncio.get_running_loop().time
    while True:
        await questions.peer_in_doubt()
        started = clock()
        with suppress(AsteriskUnavailable):
            await connection.action("IAXpeerlist")
        await asyncio.sleep(max(pause, LIST_SHARE * (clock() - started)))


def contact_key(aor: str, uri: str) -> str:
    """Return the name of a contact in Asterisk's database (res_pjsip/location.c)."""
    return f"{aor};@{md5(uri.encode(), usedforsecurity=False).hexdigest()}"


def _user_agent(stored: AmiResponse) -> str:
    """Return the user agent of a contact as res_sorcery_astdb stores it, empty if it is not there.

    Not there are contacts of pjsip.conf, and those that have gone meanwhile.
    """
    for item in stored.items:
        with suppress(ValueError):
            contact = json.loads(item.get("Val", ""))
            if isinstance(contact, dict):
                return str(contact.get("user_agent", ""))
    return ""
