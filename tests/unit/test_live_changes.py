"""What a browser is yet to be told: gathered, bounded, never out of date."""

import asyncio
from datetime import UTC, datetime

import pytest

from pbxbridge.events import (
    AlertsChanged,
    EndpointsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
)
from web.live_changes import Batch, LiveChanges, everything


def state(number: str) -> Event:
    return EndpointsChanged(frozenset({number}))


CASES: list[tuple[list[Event], Batch]] = [
    ([state("1001"), state("1002"), state("1001")], Batch(numbers={"1001", "1002"})),
    ([LinkChanged("asterisk", False, datetime.now(UTC), "gone")], Batch(link=True, states=True)),
    ([OutboxChanged(), OutboxChanged()], Batch(outbox=True)),
    ([AlertsChanged()], Batch(outbox=True, list=True)),
    ([InvitationsChanged()], Batch(list=True)),
    ([ExtensionSaved("1001", True)], Batch(list=True)),
    ([MailboxChanged("1001", "default")], Batch(mailbox=True)),
    ([state("1001"), ExtensionDeleted("1001")], Batch(numbers={"1001"}, list=True)),
    ([state("1001"), Overflowed()], everything()),
    ([state(str(number)) for number in range(4)], Batch(states=True)),
    ([EndpointsChanged(frozenset("1234")), state("5")], Batch(states=True)),
]


@pytest.mark.parametrize(("events", "batch"), CASES)
def test_events_gather_into_one_batch(events: list[Event], batch: Batch) -> None:
    changes = LiveChanges(limit=3)
    assert changes.take() == everything()
    for event in events:
        changes.note(event)
    assert changes.take() == batch


async def test_waiting_ends_when_there_is_something_to_tell() -> None:
    changes = LiveChanges(limit=3)
    await changes.wait()
    changes.take()
    waiting = asyncio.create_task(changes.wait(), name="test.wait")
    await asyncio.sleep(0)
    assert not waiting.done()
    changes.note(state("1001"))
    await asyncio.wait_for(waiting, 1)
    assert changes.take().numbers == {"1001"}
