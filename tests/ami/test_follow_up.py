"""What the link asks Asterisk beside the events: user agents, and the list of IAX2 peers."""

from __future__ import annotations

import json

import pytest

from pbxbridge.asterisk.follow_up import contact_key
from pbxbridge.events import Technology
from tests.ami.conftest import Rig
from tests.eventually import eventually
from tests.fakes.ami_server import Answer, Headers, block, contact_status, peer_status, reply

URI = "sip:1001@127.0.0.1:5062"
OTHER = "sip:1002@127.0.0.1:5064"
PEERS = "IAXpeerlist"
OK = ("2001", "127.0.0.1", "4570", "OK (3 ms)")
ABSENT = ("2001", "(null)", "(null)", "UNKNOWN")


def has(value: str) -> Answer:
    """Return an Asterisk's answer to DBGet."""

    def answer(action: Headers) -> bytes:
        action_id = action["ActionID"]
        return b"".join(
            [
                reply(action, EventList="start", Message="Result will follow"),
                block(Event="DBGetResponse", ActionID=action_id, Val=value),
                block(Event="DBGetComplete", ActionID=action_id, EventList="Complete"),
            ]
        )

    return answer


class TestUserAgents:
    def agent(self, rig: Rig, number: str = "1001") -> str:
        return rig.mirror.state_of(number).user_agent

    async def test_it_is_read_where_asterisk_keeps_the_contact(self, rig: Rig) -> None:
        rig.server.answers["DBGet"] = has(json.dumps({"uri": URI, "user_agent": "Desk phone"}))
        async with rig.link():
            rig.server.send(contact_status("1001", URI, "Reachable"))
            await eventually(lambda: self.agent(rig) == "Desk phone")
            (asked,) = rig.server.received("DBGet")
            assert (asked["Family"], asked["Key"]) == (
                "registrar/contact",
                contact_key("1001", URI),
            )

    @pytest.mark.parametrize("value", ["", "no json", "[]", '"text"', "{}"])
    async def test_what_makes_no_sense_means_that_it_is_not_known(
        self, rig: Rig, value: str
    ) -> None:
        rig.server.answers["DBGet"] = has(value)
        async with rig.link():
            rig.server.send(contact_status("1001", URI, "Reachable"))
            await eventually(lambda: rig.server.received("DBGet"))
            rig.server.answers["DBGet"] = has('{"user_agent": "Desk phone"}')
            rig.server.send(contact_status("1002", OTHER, "Reachable"))
            await eventually(lambda: self.agent(rig, "1002") == "Desk phone")
            assert self.agent(rig) == ""

    async def test_an_answer_that_never_comes_holds_up_no_event(self, rig: Rig) -> None:
        rig.server.answers["DBGet"] = lambda _: None
        async with rig.link():
            rig.server.send(contact_status("1001", URI, "Reachable"))
            await eventually(lambda: rig.server.received("DBGet"))
            rig.server.send(contact_status("1001", URI, "Unreachable"))
            await eventually(lambda: rig.seen("1001") == ("UNREACHABLE", 5062))
            assert rig.server.connections == 1


class TestIax2:
    @pytest.fixture(autouse=True)
    def _tracked(self, rig: Rig) -> None:
        rig.mirror.track("2001", True, Technology.IAX2)

    async def test_the_list_is_part_of_the_snapshot(self, rig: Rig) -> None:
        rig.server.peers = [OK]
        async with rig.link():
            assert rig.seen("2001") == ("OK", 4570)
            assert len(rig.server.received(PEERS)) == 1

    async def test_an_asterisk_without_iax2_has_no_peers(self, rig: Rig) -> None:
        sentence = f"Invalid/unknown command: {PEERS}. Use Action: ListCommands to show commands."
        rig.server.answers[PEERS] = lambda sent: reply(sent, "Error", Message=sentence)
        async with rig.link():
            assert rig.seen("2001") == ("", 0)

    async def test_a_list_that_may_not_be_read_is_not_read_as_no_peers(self, rig: Rig) -> None:
        rig.server.answers[PEERS] = lambda sent: reply(sent, "Error", Message="Permission denied")
        async with rig.link(up=False):
            await rig.until_down("Permission denied")

    async def test_after_a_registration_peers_are_listed_until_all_is_known(self, rig: Rig) -> None:
        rig.server.peers = [("2001", "127.0.0.1", "4570", "UNKNOWN")]
        async with rig.link():
            rig.server.peers = [ABSENT]
        async with rig.link():
            rig.server.peers = [("2001", "127.0.0.1", "4570", "UNKNOWN")]
            rig.server.send(peer_status("2001", "Registered", Address="127.0.0.1"))
            await eventually(lambda: rig.seen("2001") == ("UNKNOWN", 4570))
            rig.server.peers = [OK]
            await eventually(lambda: rig.seen("2001") == ("OK", 4570))
            known = len(rig.server.received(PEERS))
            await eventually(lambda: len(rig.server.received("Ping")) >= 2)
            assert len(rig.server.received(PEERS)) <= known + 1

    async def test_its_events_change_the_view(self, rig: Rig) -> None:
        rig.server.peers = [OK]
        async with rig.link():
            rig.server.send(peer_status("2001", "Unreachable"))
            await eventually(lambda: rig.seen("2001") == ("UNREACHABLE", 4570))
            rig.server.send(peer_status("2001", "Unregistered", Cause="Expired"))
            await eventually(lambda: rig.seen("2001") == ("UNKNOWN", 4570))

    async def test_the_same_event_of_pjsip_is_ignored(self, rig: Rig) -> None:
        rig.server.peers = [OK]
        async with rig.link() as link:
            rig.server.send(
                block(
                    Event="PeerStatus",
                    ChannelType="PJSIP",
                    Peer="PJSIP/2001",
                    PeerStatus="Unreachable",
                )
            )
            await link.action("CoreStatus")
            assert rig.seen("2001") == ("OK", 4570)
