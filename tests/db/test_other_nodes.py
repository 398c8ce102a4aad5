"""What other bridges stored of their nodes is shown, and shown as old when it is."""

from __future__ import annotations

import pytest

from pbxbridge.errors import Superseded
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.endpoint import Status
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.models.node import Node, StoredState
from pbxbridge.services.nodes import ensure_nodes
from pbxbridge.services.states.node_states import (
    take_over,
)
from pbxbridge.services.states.other_nodes import SILENT_SECONDS, OtherNodes
from pbxbridge.settings import ONLY_NODE
from tests.db.node_rows import AWAY, HERE, OK, SEEN, Ticks, alive, listening, stored


@pytest.mark.usefixtures("database")
async def test_other_bridges_show_what_is_stored_and_that_it_is_old_when_nobody_stores(
    bus: EventBus,
) -> None:
    board, ticks, own = Board(bus, [ONLY_NODE]), Ticks(), set[str]()
    others = OtherNodes(bus, board, own, HERE, ticks)
    states = await listening()
    states.link_changed(ONLY_NODE, LinkState(True, SEEN))
    await stored(states, OK)
    await others.read()
    assert board.state_of("1001").status is Status.OK
    assert not board.is_fresh  # it may have been stored yesterday
    await alive()
    await others.read()
    assert board.links[ONLY_NODE] == LinkState(True, SEEN)
    await stored(states, AWAY)
    await others.read()
    assert board.state_of("1001").status is Status.UNREACHABLE
    ticks.now += SILENT_SECONDS + 1
    await others.read()
    assert "does not answer" in board.links[ONLY_NODE].reason
    await alive()
    await others.read()
    assert board.links[ONLY_NODE].up
    states.link_changed(ONLY_NODE, LinkState(False, SEEN, "Connection refused."))
    await states.flush()
    await others.read()
    assert board.links[ONLY_NODE] == LinkState(False, SEEN, "Connection refused.")


@pytest.mark.usefixtures("database")
async def test_a_node_that_this_bridge_listens_to_is_not_read(bus: EventBus) -> None:
    board = Board(bus, [ONLY_NODE])
    await stored(await listening(), OK)
    await OtherNodes(bus, board, {ONLY_NODE}, HERE).read()
    assert board.state_of("1001").status is Status.BLANK


@pytest.mark.usefixtures("database")
async def test_a_bridge_that_lost_a_node_reads_it_from_the_start(bus: EventBus) -> None:
    board, own = Board(bus, [ONLY_NODE]), {ONLY_NODE}
    others = OtherNodes(bus, board, own, HERE)
    await stored(await listening(), OK)
    await others.read()
    own.clear()
    await others.read()
    assert board.state_of("1001").status is Status.OK


@pytest.mark.usefixtures("database")
async def test_of_a_node_that_is_not_in_the_database_everything_is_old(bus: EventBus) -> None:
    board, own = Board(bus, [ONLY_NODE]), set[str]()
    others = OtherNodes(bus, board, own, HERE)
    states = await listening()
    states.link_changed(ONLY_NODE, LinkState(True, SEEN))
    await stored(states, OK)
    await others.read()
    await alive()
    await others.read()
    assert board.is_fresh
    await Node.all().delete()
    await others.read()
    assert "No bridge" in board.links[ONLY_NODE].reason
    with pytest.raises(Superseded):
        await take_over(ONLY_NODE)


@pytest.mark.usefixtures("database")
async def test_a_node_that_was_made_anew_is_read_from_the_start(bus: EventBus) -> None:
    board = Board(bus, [ONLY_NODE])
    others = OtherNodes(bus, board, set[str](), HERE)
    states = await listening()
    for state in (OK, AWAY, OK):
        await stored(states, state)
    await others.read()
    await Node.all().delete()
    await StoredState.all().delete()
    await ensure_nodes([ONLY_NODE])
    await stored(await listening(), AWAY)
    await others.read()
    assert board.state_of("1001").status is Status.UNREACHABLE


@pytest.mark.usefixtures("database")
async def test_states_of_extensions_that_are_gone_are_not_shown(bus: EventBus) -> None:
    board, followed = Board(bus, [ONLY_NODE]), {"1001"}
    others = OtherNodes(bus, board, set[str](), followed)
    states = await listening()
    await others.read()
    followed.clear()
    await stored(states, OK)
    await others.read()
    assert board.state_of("1001").status is Status.BLANK
