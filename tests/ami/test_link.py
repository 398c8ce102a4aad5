"""The AMI link against a server that behaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pbxbridge.errors import AsteriskUnavailable
from tests.ami.conftest import QUICK, Rig
from tests.eventually import eventually
from tests.fakes.ami_server import block, contact_list, contact_status, reply

URI = "sip:1001@127.0.0.1:5062"
NEW = "sip:1001@127.0.0.1:5064"
LIST = "PJSIPShowRegistrationInboundContactStatuses"


async def test_the_snapshot_is_shown_before_the_link_is_called_up(rig: Rig) -> None:
    rig.server.contacts = [("1001", URI, "Reachable"), ("1002", URI, "Unreachable")]
    async with rig.link():
        assert rig.seen("1001") == ("OK", 5062)
        assert rig.seen("1002") == ("UNREACHABLE", 5062)


async def test_events_change_the_view_in_order(rig: Rig) -> None:
    async with rig.link():
        rig.server.send(contact_status("1001", URI, "Reachable", 900))
        rig.server.send(contact_status("1001", NEW, "Reachable", 800))
        rig.server.send(contact_status("1001", URI, "Removed"))
        rig.server.send(contact_status("1002", URI, "Unreachable"))
        await eventually(lambda: rig.seen("1002")[0])
        assert rig.seen("1001") == ("OK", 5064)
        assert rig.mirror.state_of("1001").rtt_ms == 0.8


async def test_events_amid_the_list_take_effect_where_they_stand(rig: Rig) -> None:
    def answer(action: dict[str, str]) -> bytes:
        contacts = [("1001", URI, "Reachable"), ("1002", URI, "Reachable")]
        amid = contact_status("1001", URI, "Unreachable") + contact_status("1002", URI, "Removed")
        return contact_list(action, contacts, between=amid)

    rig.server.answers[LIST] = answer
    async with rig.link():
        assert rig.seen("1001") == ("UNREACHABLE", 5062)
        assert rig.seen("1002") == ("", 0)


async def test_an_empty_list_means_no_contacts(rig: Rig) -> None:
    rig.server.contacts = [("1001", URI, "Reachable")]
    async with rig.link():
        rig.server.contacts = []
        rig.server.cut()
        await eventually(lambda: rig.seen("1001") == ("", 0))


async def test_the_error_no_contacts_found_means_the_same(rig: Rig) -> None:
    rig.server.answers[LIST] = lambda action: reply(action, "Error", Message="No Contacts found")
    async with rig.link():
        assert rig.mirror.link.up


async def test_phones_that_asterisk_tells_nothing_about_are_found_by_looking_again(
    rig: Rig,
) -> None:
    async with rig.link(timing=replace(QUICK, look_again=0.02)):
        rig.server.send(contact_status("1001", URI, "Reachable"))
        rig.server.contacts = [("1003", URI, "NonQualified"), ("1001", URI, "Unreachable")]
        await eventually(lambda: rig.seen("1003") == ("UNMONITORED", 5062))
        assert rig.seen("1001") == ("OK", 5062), "of it the events say more"
        rig.server.contacts = []
        await eventually(lambda: rig.seen("1003") == ("", 0))


async def test_asterisk_is_not_looked_at_again_when_events_tell_all(rig: Rig) -> None:
    rig.mirror.untrack("1003")
    async with rig.link(timing=replace(QUICK, look_again=0.02)):
        rig.server.send(contact_status("1001", URI, "Reachable"))
        await eventually(lambda: len(rig.server.received("Ping")) >= 2)
        assert len(rig.server.received(LIST)) == 1


async def test_message_waiting_is_announced(rig: Rig) -> None:
    async with rig.link():
        rig.server.send(block(Event="MessageWaiting", Mailbox="1002@default", Waiting="1"))
        await eventually(lambda: ("1002", "default") in rig.watcher.mailboxes)


async def test_a_contact_not_yet_probed_is_qualified_once(rig: Rig) -> None:
    rig.server.contacts = [("1001", URI, "NonQualified"), ("1003", URI, "NonQualified")]
    async with rig.link() as link:
        await eventually(lambda: rig.server.received("PJSIPQualify"))
        rig.server.send(contact_status("1001", URI, "NonQualified"))
        await link.action("CoreStatus")
        asked = [action["Endpoint"] for action in rig.server.received("PJSIPQualify")]
        assert asked == ["1001"]
        assert rig.seen("1003") == ("UNMONITORED", 5062)


class TestActions:
    async def test_an_answer_is_returned_whatever_it_says(self, rig: Rig) -> None:
        rig.server.answers["DBDel"] = lambda sent: reply(sent, "Error", Message="not there")
        async with rig.link() as link:
            response = await link.action("DBDel", Family="registrar/contact", Key="x")
            assert (response.success, response.message) == (False, "not there")

    async def test_a_list_returns_its_items(self, rig: Rig) -> None:
        rig.server.contacts = [("1001", URI, "Reachable"), ("1002", URI, "Unreachable")]
        async with rig.link() as link:
            response = await link.action(LIST)
            assert response.success
            assert [item["AOR"] for item in response.items] == ["1001", "1002"]

    async def test_answers_find_their_askers(self, rig: Rig) -> None:
        rig.server.answers["Echo"] = lambda sent: reply(sent, Message=sent["Word"])
        async with rig.link() as link:
            words = [str(number) for number in range(50)]
            answers = await asyncio.gather(*(link.action("Echo", Word=word) for word in words))
            assert [answer.message for answer in answers] == words

    @pytest.mark.parametrize("evil", ["\r\n", "\n", "\r", "\0"])
    async def test_a_line_break_is_refused_in_any_part(self, rig: Rig, evil: str) -> None:
        async with rig.link() as link:
            with pytest.raises(ValueError, match="line break"):
                await link.action("DBDel", Key=f"x{evil}Action: Originate")
            with pytest.raises(ValueError, match="line break"):
                await link.action("DBDel", **{f"Key{evil}Action": "Originate"})
            with pytest.raises(ValueError, match="line break"):
                await link.action(f"Ping{evil}{evil}Action: Originate")
            await link.action("CoreStatus")
        assert not rig.server.received("DBDel")
        assert not rig.server.received("Originate")

    async def test_no_answer_in_time_is_an_error(self, rig: Rig) -> None:
        rig.server.answers["DBGet"] = lambda _: None
        async with rig.link() as link:
            with pytest.raises(AsteriskUnavailable, match="did not answer DBGet"):
                await link.action("DBGet")
            assert (await link.action("CoreStatus")).success

    async def test_while_the_link_is_down_they_fail_at_once_with_the_reason(self, rig: Rig) -> None:
        await rig.server.stop()
        async with rig.link(up=False) as link:
            await rig.until_down("refused")
            with pytest.raises(AsteriskUnavailable, match="refused"):
                await link.action("Ping")
        await rig.server.listen()
