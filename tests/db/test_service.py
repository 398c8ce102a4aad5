"""What the running bridge does with the events of its own parts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pbxbridge.events import EventBus, ExtensionSaved, MailboxChanged
from pbxbridge.mirror.endpoint import Status
from pbxbridge.service import _Bridge
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import DatabaseSettings, Settings
from tests.eventually import eventually


async def test_a_fault_of_ours_at_one_event_does_not_end_the_bridge(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: Any) -> None:
        raise KeyError("of ours")

    monkeypatch.setattr(Extensions, "notice_pin", breaks)
    url = SecretStr(f"sqlite://{database}")
    bridge = _Bridge(Settings(database=DatabaseSettings(url=url)), EventBus())
    following = asyncio.create_task(bridge._keep_following(), name="following")
    await asyncio.sleep(0)
    bridge._bus.publish(MailboxChanged("1001", "default"))
    bridge._bus.publish(ExtensionSaved("1001", monitored=True))
    await eventually(lambda: "1001" in bridge._mirror.numbers_with(Status.BLANK))
    assert not following.done()
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
