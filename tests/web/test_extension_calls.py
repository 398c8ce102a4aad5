"""What a phone does, on its row; ringing it and hanging it up, from its tools."""

from __future__ import annotations

import re

import pytest

from pbxbridge.events import CallsChanged, EventBus
from pbxbridge.mirror.call_board import CallBoard, Channel
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import ONLY_NODE
from tests.fakes.eager_mirror import EagerMirror
from tests.web.forms import add
from tests.web.test_live import register, streaming
from tests.web.visitor import Visitor


def channel(state: str, number: str = "1001") -> Channel:
    return Channel("1.1", f"PJSIP/{number}-00000001", state)


async def word(visitor: Visitor, number: str) -> str | None:
    """Return what the row says of the phone, None if it has no place for that."""
    row = await (await visitor.get(f"/extensions/{number}", htmx=True)).text()
    found = re.search(rf'id="call-{number}">(.*?)</span></td>|id="call-{number}">()</span>', row)
    return re.sub("<[^>]*>", "", found[1] or "") if found else None


async def test_the_row_says_what_the_phone_does(
    operator: Visitor,
    extensions: Extensions,
    admin: Actor,
    call_board: CallBoard,
    mirror: EagerMirror,
) -> None:
    await add(extensions, admin, "1001")
    await add(extensions, admin, "1002", device_type="VIRTUAL", forward_all="1001")
    assert await word(operator, "1001") == ""
    call_board.heard(ONLY_NODE, [channel("Ringing")])
    assert (await word(operator, "1001"), await word(operator, "1002")) == ("Ringing", None)
    call_board.channel_is(ONLY_NODE, channel("Up"))
    assert await word(operator, "1001") == "In use"
    call_board.channel_is_gone(ONLY_NODE, "1.1")
    assert await word(operator, "1001") == "", "no phone is there"
    mirror.track("1001", monitored=True)
    register(mirror, "1001")
    assert await word(operator, "1001") == "Idle"
    call_board.lost(ONLY_NODE)
    assert await word(operator, "1001") == ""


async def test_what_a_phone_does_reaches_the_browser(
    operator: Visitor, call_board: CallBoard, bus: EventBus
) -> None:
    call_board.heard(ONLY_NODE, [channel("Up")])
    async with streaming(operator) as stream:
        await stream.settled()
        bus.publish(CallsChanged(frozenset({"1001"})))
        patch = await stream.patch("call-1001")
        assert ">In use<" in patch["call-1001"]
        assert patch["call-1001"] == patch["tools-call-1001"]
        bus.publish(CallsChanged(None))
        await stream.until("states")


@pytest.mark.parametrize("what", ["ring", "hang-up"])
async def test_while_asterisk_is_away_the_tools_say_so_and_nothing_is_audited(
    visitor: Visitor, extensions: Extensions, admin: Actor, what: str
) -> None:
    await add(extensions, admin, "1001")
    shown = await (await visitor.get("/extensions/1001/tools", htmx=True)).text()
    assert f'hx-post="/extensions/1001/{what}"' in shown
    answer = await visitor.post(f"/extensions/1001/{what}", htmx=True)
    assert answer.status == 422
    assert "pbxbridge is not connected to ARI yet." in await answer.text()
    assert not await AuditEntry.filter(action__in=["extension.rung", "extension.hung-up"]).exists()
