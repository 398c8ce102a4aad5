"""What a browser is yet to be told: gathered, bounded, never out of date."""

import asyncio
from datetime import UTC, datetime

import pytest

from pbxbridge.events import (
    AlertsChanged,
    CallCentreSaved,
    EndpointsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
    QueuesChanged,
)
from web.live_changes import Batch, LiveChanges, everything


def state(number: str) -> Event:
    return EndpointsChanged(frozenset({number}))


def queues(queues: str | None, numbers: str | None = "", agents: str | None = "") -> Event:
    """Each letter is a queue, a number, an agent; None stands for maybe all."""
    each = [None if of is None else frozenset(of) for of in (queues, numbers, agents)]
    return QueuesChanged(*each)


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
    ([CallCentreSaved()], Batch(list=True)),
    (
        [queues("a", "1"), queues("b", "", "2")],
        Batch(queues={"a", "b"}, numbers={"1"}, agents={"2"}),
    ),
    ([queues("a"), queues(None), queues("b")], Batch(queues=None)),
    ([queues("", None)], Batch(states=True)),
    ([queues("", "", None)], Batch(list=True)),
    ([queues("", "", "12"), queues("", "", "34")], Batch(list=True)),
    ([queues("", "1234")], Batch(states=True)),
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
