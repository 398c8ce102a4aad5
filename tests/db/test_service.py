"""What the running bridge does with the events of its own parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from pbxbridge.events import EventBus, ExtensionSaved, MailboxChanged, TrunksChanged
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.endpoint import Status
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.nodes.tracking import Tracking
from pbxbridge.services.calling.trunks import Trunks
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.pins_by_phone import PinsByPhone
from pbxbridge.settings import ONLY_NODE
from tests.eventually import eventually
from tests.rig.calling import calling_on


@asynccontextmanager
async def under_way(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(work, name="under way")
    await asyncio.sleep(0)
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_fault_at_one_mailbox_does_not_end_the_look_at_pins(
    extensions: Extensions, bus: EventBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []

    async def breaks(_: Extensions, number: str) -> None:
        looked_at.append(number)
        raise KeyError("of ours")

    monkeypatch.setattr(Extensions, "notice_pin", breaks)
    async with under_way(PinsByPhone(bus, extensions).run()) as task:
        bus.publish(MailboxChanged("1001", "default"))
        bus.publish(MailboxChanged("1002", "default"))
        await eventually(lambda: looked_at == ["1001", "1002"])
        assert not task.done()


async def test_a_fault_at_one_event_does_not_end_the_following_of_extensions(
    extensions: Extensions, bus: EventBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: Any) -> None:
        raise KeyError("of ours")

    board = Board(bus, [ONLY_NODE])
    mirror = Mirror(ONLY_NODE, board)
    tracking = Tracking(bus, board, extensions, calling_on(bus).trunks)
    mirror.contact_changed(ContactReport("1001", "sip:1001@192.0.2.1:5062", "Reachable"))
    async with tracking.keeping(mirror), under_way(tracking.run()) as task:
        monkeypatch.setattr(Trunks, "monitored", breaks)
        bus.publish(TrunksChanged())
        bus.publish(ExtensionSaved("1001", monitored=True))
        await eventually(lambda: board.state_of("1001").status is Status.OK)
        assert not task.done()
