"""The Agent flag of extensions follows who takes calls of queues at their phones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest

from pbxbridge.events import CallCentreSaved, EventBus, ExtensionSaved, Overflowed, QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_member import Member
from pbxbridge.models.call_centre import QueueExtension
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.agent_flags import AgentFlags
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extensions import Extensions
from tests.db.mail_rows import running, until
from tests.fakes.recording_bus import RecordingBus
from tests.rig.asterisk_notices import taken_notices
from tests.rig.extensions import delete_knowingly
from tests.rig.queue_events import member
from tests.web.forms import add

NODES = ("a", "b")


class Live:
    """What the queue links do: they feed the board, and tell."""

    def __init__(self, bus: EventBus) -> None:
        self.board = QueueBoard(NODES)
        self._bus = bus

    def hear(self, node: str, *members: Member) -> None:
        self.board.heard(node, members, [])
        self.tell()

    def tell(self) -> None:
        if change := self.board.take_changes():
            self._bus.publish(change)


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
async def live(database: str, bus: EventBus, extensions: Extensions, admin: Actor) -> Live:
    """Three phones; no node was heard yet."""
    await add(extensions, admin, "1001", "1002", "1003", agent_logins=True)
    return Live(bus)


@pytest.fixture
async def kept(live: Live, bus: EventBus) -> AsyncIterator[Live]:
    """The flags are kept; both nodes are heard and nobody is logged in."""
    for node in NODES:
        live.hear(node)
    async with running(AgentFlags(bus, live.board)):
        yield live


async def flagged(*numbers: str) -> None:
    """Wait until these extensions, and no others, have the flag."""

    async def reached() -> bool:
        found = await Extension.filter(agent=True).order_by("number").values_list("number")
        return [number for (number,) in found] == list(numbers)

    await until(reached)


def told(bus: RecordingBus) -> list[Iterable[str]]:
    """Return the numbers whose flags were said to be other than before, by nobody's queue."""
    events = [each for each in bus.published if isinstance(each, QueuesChanged)]
    return [sorted(each.numbers or ()) for each in events if each.queues == frozenset()]


async def test_who_logs_in_and_out_is_flagged_meanwhile(kept: Live, bus: RecordingBus) -> None:
    kept.board.member_is("a", member("101", "1001"))
    kept.tell()
    await flagged("1001")
    kept.board.member_gone("a", "sales", "PJSIP/1001")
    kept.tell()
    await flagged()
    assert told(bus) == [["1001"], ["1001"]], "so that lists and other bridges show it"


async def test_it_is_no_change_of_the_extension_that_an_editor_would_meet(
    kept: Live, extensions: Extensions
) -> None:
    before = (await extensions.get("1001")).version
    kept.board.member_is("a", member("101", "1001"))
    kept.tell()
    await flagged("1001")
    after = await extensions.get("1001")
    assert (after.version, after.agent) == (before, True)


async def test_a_static_member_is_flagged_whether_its_phone_is_there_or_not(
    kept: Live, bus: EventBus, admin: Actor
) -> None:
    queues = Queues(bus)
    await queues.create(admin, {"name": "sales", "number": "600", "extensions": "1001 1002"})
    await flagged("1001", "1002")
    await queues.update(admin, "sales", {"extensions": "1002"})
    await flagged("1002")
    await queues.delete(admin, "sales")
    await flagged()


async def test_a_static_member_who_logs_out_as_an_agent_keeps_it(
    kept: Live, bus: EventBus, admin: Actor
) -> None:
    await Queues(bus).create(admin, {"name": "sales", "number": "600", "extensions": "1001"})
    kept.board.member_is("a", member("101", "1001", queue="support"))
    kept.board.member_is("a", member("101", "1002", queue="support"))
    kept.tell()
    await flagged("1001", "1002")
    for number in ("1001", "1002"):
        kept.board.member_gone("a", "support", f"PJSIP/{number}")
    kept.tell()
    await flagged("1001")


async def test_what_happened_while_no_bridge_was_there_is_made_good(
    live: Live, bus: EventBus
) -> None:
    await Extension.filter(number="1003").update(agent=True)
    live.hear("a", member("101", "1001"))
    live.hear("b")
    async with running(AgentFlags(bus, live.board)):
        await flagged("1001")


async def test_before_each_node_was_heard_nobody_loses_the_flag(live: Live, bus: EventBus) -> None:
    await Extension.filter(number="1002").update(agent=True)
    live.hear("a", member("101", "1001"))
    async with running(AgentFlags(bus, live.board)):
        await flagged("1001", "1002")
        live.hear("b")
        await flagged("1001")


async def test_a_node_that_is_lost_takes_no_flag_and_one_that_is_back_does(
    kept: Live, bus: EventBus
) -> None:
    kept.hear("a", member("101", "1001"), member("102", "1002"))
    await flagged("1001", "1002")
    kept.board.lost("a", "Gone.")
    kept.tell()
    kept.hear("b", member("103", "1003"))
    await flagged("1001", "1002", "1003")
    kept.hear("b")
    await flagged("1001", "1002")
    kept.hear("a", member("101", "1001"))
    await flagged("1001")


async def test_a_flag_of_an_extension_that_was_saved_meanwhile_is_taken_all_the_same(
    live: Live, bus: EventBus
) -> None:
    await Extension.filter(number="1001").update(agent=True)
    live.hear("a", member("102", "1002"))
    async with running(AgentFlags(bus, live.board)):
        await flagged("1001", "1002")
        bus.publish(ExtensionSaved("1001", True))
        live.hear("b")
        live.board.member_gone("a", "sales", "PJSIP/1002")
        live.tell()
        await flagged()


async def test_a_new_extension_of_a_number_where_somebody_is_logged_in_is_flagged(
    kept: Live, bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    kept.board.member_is("a", member("101", "1001"))
    kept.tell()
    await flagged("1001")
    await delete_knowingly(extensions, admin, "1001")
    await taken_notices()
    await add(extensions, admin, "1001")
    await flagged("1001")


async def test_after_an_overflow_all_is_read_again(kept: Live, bus: EventBus) -> None:
    await Extension.filter(number="1003").update(agent=True)
    bus.publish(Overflowed())
    await flagged()


async def test_a_change_that_another_bridge_saved_counts(
    kept: Live, bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    await Queues(EventBus()).create(admin, {"name": "sales", "number": "600"})
    row = await Extension.get(number="1002")
    await QueueExtension.create(queue_id="sales", extension_id=row.id, penalty=0)
    bus.publish(CallCentreSaved())
    await flagged("1002")
