"""The desk logs agents in and out and pauses them: what Asterisk is told, and what is audited."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pbxbridge.errors import AsteriskUnavailable, Conflict, Invalid, NotFound
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.call_centre import Agent, QueueAgent
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.agent_desk import AgentDesk, phones_for_agents
from pbxbridge.services.extensions import Extensions
from tests.db.people import audited
from tests.fakes.ami_actions import AmiActions
from tests.rig.call_centre import REASONS, queue_row
from tests.rig.queue_events import member
from tests.web.forms import add

HERE, THERE = "PJSIP/1001", "PJSIP/1002"
ARRIVED = ("DBPut", "since/101", "1700000000")
JOINED = [
    ARRIVED,
    ("QueueAdd", "sales", HERE, "Agent/101", "0"),
    ("QueueAdd", "support", HERE, "Agent/101", "5"),
    ("DBPut", "agent/101", HERE),
    ("DBPut", f"device/{HERE}", "101"),
]
FORGOTTEN = [("DBDel", "agent/101"), ("DBDel", "since/101"), ("DBDel", f"device/{HERE}")]


class Site:
    """Two nodes that are heard, and the desk; phones are registered where the test says."""

    def __init__(self, bus: EventBus) -> None:
        nodes = ("a", "b")
        self.links = {node: AmiActions() for node in nodes}
        self.queues = QueueBoard(nodes)
        self.board = Board(bus, list(nodes))
        for node in nodes:
            self.queues.heard(node, [], [])
            self.board.link_changed(node, LinkState(True, datetime.now(UTC)))
        self.desk = AgentDesk(
            lambda node: self.links[node], self.board, self.queues, REASONS, lambda: 1_700_000_000.9
        )

    def registered(self, number: str, node: str) -> None:
        self.board.follow([number])
        self.board.states_changed(node, [EndpointState(number, Status.OK, "192.0.2.1", 5060)])

    def sent(self, node: str = "a") -> list[tuple[str, ...]]:
        return self.links[node].taken()


@pytest.fixture
async def site(database: str, bus: EventBus, extensions: Extensions, admin: Actor) -> Site:
    """Agent 101 takes calls of sales and support, 102 of none; two phones allow logins."""
    await add(extensions, admin, "1002", "1001", agent_logins=True)
    await add(extensions, admin, "1003")
    for number in ("101", "102"):
        await Agent.create(number=number, first_name="A", last_name="B", pin_hash="")
    for name, number, penalty in (("sales", "600", 0), ("support", "601", 5)):
        await queue_row(name, number)
        await QueueAgent.create(queue_id=name, agent_id="101", penalty=penalty)
    return Site(bus)


async def refusal(asked: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields


async def is_audited(action: str) -> bool:
    return await AuditEntry.filter(action=action).exists()


class TestLoggingIn:
    async def test_they_join_all_their_queues_and_the_dialplan_knows_it(
        self, site: Site, admin: Actor
    ) -> None:
        await site.desk.log_in(admin, "101", " 1001 ")
        assert (site.sent("a"), site.sent("b")) == (JOINED, [])
        (entry,) = await audited("agent.logged-in")
        assert (entry.actor, entry.subject, entry.after) == ("admin", "101", {"extension": "1001"})

    async def test_it_is_done_where_the_phone_is_registered(self, site: Site, admin: Actor) -> None:
        site.registered("1001", "b")
        await site.desk.log_in(admin, "101", "1001")
        assert (site.sent("a"), site.sent("b")) == ([], JOINED)

    async def test_who_is_logged_in_elsewhere_moves(self, site: Site, admin: Actor) -> None:
        site.queues.member_is("a", member("101", "1002"))
        await site.desk.log_in(admin, "101", "1001")
        assert site.sent() == [
            ARRIVED,
            ("QueueRemove", "sales", THERE),
            *JOINED[1:3],
            ("DBDel", f"device/{THERE}"),
            *JOINED[3:],
        ]

    async def test_who_moves_to_a_phone_of_another_node_leaves_the_first_one(
        self, site: Site, admin: Actor
    ) -> None:
        site.queues.member_is("a", member("101", "1002"))
        site.registered("1001", "b")
        await site.desk.log_in(admin, "101", "1001")
        assert site.sent("a") == [
            ("QueueRemove", "sales", THERE),
            ("DBDel", "agent/101"),
            ("DBDel", "since/101"),
            ("DBDel", f"device/{THERE}"),
        ]
        assert site.sent("b") == JOINED

    async def test_a_node_that_is_away_is_not_waited_for(self, site: Site, admin: Actor) -> None:
        site.queues.member_is("a", member("101", "1002"))
        site.queues.lost("a", "Gone.")
        site.registered("1001", "b")
        await site.desk.log_in(admin, "101", "1001")
        assert (site.sent("a"), site.sent("b")) == ([], JOINED)

    async def test_nobody_logs_in_where_it_is_not_known_who_is_there(
        self, site: Site, admin: Actor
    ) -> None:
        site.queues.lost("a", "Gone.")
        with pytest.raises(AsteriskUnavailable, match="Gone"):
            await site.desk.log_in(admin, "101", "1001")
        assert site.sent() == []
        assert not await is_audited("agent.logged-in")

    async def test_who_is_there_already_only_joins_what_is_missing(
        self, site: Site, admin: Actor
    ) -> None:
        site.queues.member_is("a", member("101", "1001", paused=True, reason="Lunch"))
        await site.desk.log_in(admin, "101", "1001")
        added = ("QueueAdd", "support", HERE, "Agent/101", "5", "true", "Lunch")
        assert site.sent() == [ARRIVED, added, *JOINED[3:]]

    @pytest.mark.parametrize(
        ("extension", "why"),
        [
            ("", "There is no such extension."),
            ("9999", "There is no such extension."),
            ("1\0", "There is no such extension."),
            ("1" * 500, "There is no such extension."),
            ("1003", "Agents may not log in at extension 1003."),
            ("1002", "Agent 102 is logged in at 1002."),
        ],
    )
    async def test_where_they_may_not_is_said_beside_the_field(
        self, site: Site, admin: Actor, extension: str, why: str
    ) -> None:
        site.queues.member_is("a", member("102", "1002"))
        wrong = await refusal(site.desk.log_in(admin, "101", extension))
        assert wrong == {"extension": why}
        assert site.sent() == []
        assert not await is_audited("agent.logged-in")

    async def test_a_static_member_s_phone_may_be_an_agent_s_too(
        self, site: Site, admin: Actor
    ) -> None:
        site.queues.member_is("a", member("", "1001"))
        site.links["a"].refused["QueueAdd"] = "Unable to add interface: Already there"
        await site.desk.log_in(admin, "101", "1001")
        assert site.sent() == JOINED

    async def test_who_takes_calls_of_no_queue_cannot(self, site: Site, admin: Actor) -> None:
        wrong = await refusal(site.desk.log_in(admin, "102", "1001"))
        assert wrong == {"": "Agent 102 takes calls of no queue yet."}

    async def test_what_asterisk_did_not_do_is_not_audited(self, site: Site, admin: Actor) -> None:
        site.links["a"].refused["QueueAdd"] = "Permission denied"
        with pytest.raises(AsteriskUnavailable, match="Permission denied"):
            await site.desk.log_in(admin, "101", "1001")
        assert not await is_audited("agent.logged-in")


class TestLoggingOut:
    async def test_they_leave_all_queues_of_their_node(self, site: Site, admin: Actor) -> None:
        site.queues.member_is("b", member("101", "1001"))
        site.queues.member_is("b", member("101", "1001", queue="old"))
        site.queues.member_is("b", member("", "1001", queue="static"))
        await site.desk.log_out(admin, "101")
        left = [("QueueRemove", "sales", HERE), ("QueueRemove", "old", HERE)]
        assert (site.sent("a"), site.sent("b")) == ([], left + FORGOTTEN)
        (entry,) = await audited("agent.logged-out")
        assert (entry.subject, entry.before) == ("101", {"extension": "1001"})


class TestPausing:
    @pytest.mark.parametrize(("reason", "said"), [("", ()), ("Lunch", ("Lunch",))])
    async def test_they_get_no_calls_in_any_queue(
        self, site: Site, admin: Actor, reason: str, said: tuple[str, ...]
    ) -> None:
        site.queues.member_is("b", member("101", "1001"))
        await site.desk.pause(admin, "101", reason)
        assert site.sent("b") == [("QueuePause", HERE, "true", *said)]
        (entry,) = await audited("agent.paused")
        assert entry.after == {"reason": reason}

    async def test_only_a_reason_of_the_list_will_do(self, site: Site, admin: Actor) -> None:
        site.queues.member_is("a", member("101", "1001"))
        wrong = await refusal(site.desk.pause(admin, "101", "Holidays"))
        assert wrong == {"reason": "Choose one of the list."}
        assert site.sent() == []

    async def test_they_get_calls_again(self, site: Site, admin: Actor) -> None:
        site.queues.member_is("a", member("101", "1001", paused=True, reason="Lunch"))
        await site.desk.ready(admin, "101")
        assert site.sent() == [("QueuePause", HERE, "false")]
        assert await is_audited("agent.ready")


async def each_refuses(site: Site, admin: Actor, agent: str, error: type[Exception]) -> list[str]:
    """Have what is done to somebody who is logged in refused; return why."""
    why = []
    for act in (site.desk.log_out, site.desk.pause, site.desk.ready):
        with pytest.raises(error) as refused:
            await act(admin, agent)
        why.append(str(refused.value))
    return why


async def test_of_who_is_not_logged_in_that_is_said(site: Site, admin: Actor) -> None:
    assert set(await each_refuses(site, admin, "101", Conflict)) == {"Agent 101 is not logged in."}


@pytest.mark.parametrize("number", ["999", "1\0", "1" * 500])
async def test_there_must_be_such_an_agent(site: Site, admin: Actor, number: str) -> None:
    site.queues.member_is("a", member("999", "1001"))
    await each_refuses(site, admin, number, NotFound)
    with pytest.raises(NotFound):
        await site.desk.log_in(admin, number, "1001")
    assert site.sent() == []


async def test_while_a_node_is_not_heard_nobody_knows_who_is_logged_in(
    site: Site, admin: Actor
) -> None:
    site.queues.lost("b", "Gone.")
    assert set(await each_refuses(site, admin, "101", AsteriskUnavailable)) == {"Gone."}
    site.queues.member_is("a", member("101", "1001"))
    await site.desk.pause(admin, "101")
    assert len(site.sent()) == 1, "of who is logged in at a node that is heard it is known"
    site.queues.lost("a", "Gone.")
    await each_refuses(site, admin, "101", AsteriskUnavailable)
    assert site.sent() == [], "what is known is old"


async def test_the_phones_that_are_offered_come_in_dialling_order(site: Site) -> None:
    assert await phones_for_agents() == ["1001", "1002"]
