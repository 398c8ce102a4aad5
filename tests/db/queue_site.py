"""Phones and agents that a queue may have, and what tests of queues type."""

from __future__ import annotations

from typing import Any

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extensions import Extensions
from tests.rig.asterisk_notices import taken_notices
from tests.web.forms import add

SALES = {"name": "sales", "number": "600"}
VIRTUAL = {"device_type": "VIRTUAL", "voicemail": True, "voicemail_pin": "4711"}


async def queues_to_be(bus: EventBus, extensions: Extensions, admin: Actor) -> Queues:
    """Have three phones and three agents, and no queue yet."""
    await add(extensions, admin, "1001", "1003")
    await add(extensions, admin, "1002", device_type="IAX2")
    agents = Agents(bus, None, ())
    for number in ("101", "102", "103"):
        name = {"first_name": "Ada", "last_name": "Lovelace", "pin": "4711"}
        await agents.create(admin, {"number": number, **name})
    await taken_notices()
    return Queues(bus)


async def refusal(asked: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields
