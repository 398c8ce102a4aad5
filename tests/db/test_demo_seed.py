"""What `make run` begins with."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from pbxbridge.events import EventBus
from pbxbridge.models.call_centre import Agent
from pbxbridge.models.database import open_database
from pbxbridge.models.extension import Extension
from pbxbridge.service import prepare
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.settings import DatabaseSettings, Settings
from tests.demo.seed import ACTOR, AGENTS, CUSTOMER, NAMES, QUEUE, seed
from tests.rig.databases import migrate_quickly

pytestmark = pytest.mark.sqlite


async def test_a_newcomer_finds_a_small_call_centre_and_the_next_run_leaves_it_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "pbxbridge.sqlite3"
    await migrate_quickly(path)
    url = f"sqlite://{path}"
    settings = Settings(database=DatabaseSettings(url=SecretStr(url)))
    await prepare(settings)
    first = await seed(settings)
    async with open_database(url):
        queues = Queues(EventBus())
        [sales] = await queues.all()
        assert (sales.name, sales.fields.agents) == (QUEUE, sorted(AGENTS))
        assert await Agent.all().count() == len(AGENTS)
        allowed = await Extension.filter(agent_logins=True).values_list("number", flat=True)
        assert {str(number) for number in allowed} == NAMES.keys() - {CUSTOMER}
        await queues.update(ACTOR, QUEUE, {"wrap_up": 30})

    second = await seed(settings)
    assert (second.secrets, second.admin_password) == (first.secrets, "")
    async with open_database(url):
        assert [queue.fields.wrap_up for queue in await queues.all()] == [30]
