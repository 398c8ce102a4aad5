"""A real Asterisk has the strategy of every queue that the portal has, without a reload."""

from __future__ import annotations

import re
from typing import get_args

from pbxbridge.errors import Invalid
from pbxbridge.services.call_centre.inputs import Strategy
from pbxbridge.services.call_centre.queues import Queues
from tests.rig.system import TESTER, System

STRATEGIES = get_args(Strategy)


async def has(system: System) -> dict[str, str]:
    """Return the strategy of each queue as Asterisk has it."""
    await system.told()
    said = await system.asterisk.cli("queue show")
    return dict(re.findall(r"^(\S+) has .* in '(\w+)' strategy", said, re.MULTILINE))


async def test_each_can_be_had_and_changed_to_unless_the_portal_refuses(system: System) -> None:
    queues = Queues(system.bus)
    for number, strategy in enumerate(STRATEGIES, start=600):
        values = {"name": strategy, "number": str(number), "strategy": strategy}
        await queues.create(TESTER, values)
    assert await has(system) == {strategy: strategy for strategy in STRATEGIES}
    changed = 0
    for wanted in STRATEGIES:
        for name in STRATEGIES:
            try:
                await queues.update(TESTER, name, {"strategy": wanted})
                changed += 1
            except Invalid as refused:
                assert refused.fields.keys() == {"strategy"}
        stored = {each.name: each.fields.strategy for each in await queues.all()}
        assert await has(system) == stored
    assert changed
    for name in STRATEGIES:
        await queues.delete(TESTER, name)
    assert await has(system) == {}
