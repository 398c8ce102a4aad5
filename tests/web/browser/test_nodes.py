"""Several Asterisks on the Extensions screen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.link_state import LinkState
from tests.fakes.eager_mirror import EagerMirror


@pytest.fixture
def board(bus: EventBus) -> Board:
    return Board(bus, ["east", "west"])


@pytest.fixture
def mirror(board: Board) -> EagerMirror:
    return EagerMirror("east", board)


async def test_only_what_an_unconnected_node_told_is_shown_as_old(page: Page, board: Board) -> None:
    now = datetime.now(UTC)
    board.link_changed("west", LinkState(True, now))
    board.states_changed("east", [EndpointState("1001", Status.OK, "192.0.2.1", 5060)])
    board.states_changed("west", [EndpointState("1002", Status.OK, "192.0.2.2", 5060)])
    await expect(page.locator("#status-1002")).to_have_text("OK")
    await expect(page.get_by_text("All 2 Asterisks are connected")).to_be_visible()
    board.link_changed("west", LinkState(False, now, "Connection refused."))
    await expect(page.get_by_text("Asterisk west is not connected")).to_be_visible()
    await expect(page.locator("#status-1002 .status")).to_have_attribute(
        "title", f"{_OK} Asterisk west is not connected: this is how it was at {now:%H:%M} UTC."
    )
    for cell, filter_ in (("status-1002", "grayscale(1)"), ("ip-1002", "grayscale(1)")):
        await expect(page.locator(f"#{cell}")).to_have_css("filter", filter_)
    for cell in ("status-1001", "ip-1001"):
        await expect(page.locator(f"#{cell}")).to_have_css("filter", "none")


_OK = "The device is registered and answers. Its IP address and port are shown."
