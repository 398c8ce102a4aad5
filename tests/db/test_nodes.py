"""Which nodes there are: those of the settings, and what is told to each of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbxbridge.models.node import Node, StoredState
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.nodes import IN_USE, ensure_nodes, node_names
from pbxbridge.settings import ONLY_NODE
from tests.db.node_rows import OK, listening, stored


@pytest.mark.usefixtures("database")
async def test_what_waits_for_a_node_that_nobody_listened_to_is_meant_for_all() -> None:
    await AsteriskNotice.all().delete()
    await AsteriskNotice.create(node=ONLY_NODE, kind=NoticeKind.RELOAD_DIALPLAN, subject="x")
    await ensure_nodes(["east", "west"])
    assert await node_names() == ["east", "west"]
    assert [row.node for row in await AsteriskNotice.all().order_by("id")] == ["east", "west"]
    await ensure_nodes(["east"])
    assert [row.node for row in await AsteriskNotice.all()] == ["east"]


@pytest.mark.usefixtures("database")
async def test_a_node_that_another_bridge_listens_to_stays() -> None:
    await stored(await listening(), OK)
    await ensure_nodes(["pbx"])
    assert await node_names() == [ONLY_NODE, "pbx"]
    assert await StoredState.exists()
    long_ago = datetime.now(UTC) - 2 * IN_USE
    await Node.filter(name=ONLY_NODE).update(heartbeat_at=long_ago)
    await ensure_nodes(["pbx"])
    assert await node_names() == ["pbx"]
    assert not await StoredState.exists()


@pytest.mark.usefixtures("database")
async def test_the_only_bridge_may_call_its_only_node_something_else() -> None:
    await AsteriskNotice.all().delete()
    await AsteriskNotice.create(node=ONLY_NODE, kind=NoticeKind.RELOAD_DIALPLAN, subject="x")
    await stored(await listening(), OK)
    await ensure_nodes(["pbx"], is_only_bridge=True)
    assert await node_names() == ["pbx"]
    assert [row.node for row in await AsteriskNotice.all()] == ["pbx"]
