"""The AMI link against a server, a network and handlers that misbehave."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest
from pydantic import SecretStr
from structlog.typing import EventDict

from pbxbridge.asterisk.ami_connection import open_connection
from pbxbridge.asterisk.ami_login import fully_booted, login
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.settings import NodeSettings
from tests.ami.conftest import QUICK, Rig
from tests.eventually import eventually
from tests.fakes.ami_server import SECRET, block, contact_status, reply

URI = "sip:1001@127.0.0.1:5062"
LIST = "PJSIPShowRegistrationInboundContactStatuses"


def named(logs: list[EventDict]) -> list[str]:
    return [entry["event"] for entry in logs]


async def test_a_cut_amid_a_line_keeps_the_states_as_old_then_reads_them_anew(rig: Rig) -> None:
    rig.server.contacts = [("1001", URI, "Reachable")]
    async with rig.link():
        rig.server.boots = False
        rig.server.cut(contact_status("1001", URI, "Unreachable")[:40])
        await rig.until_down("closed")
        assert rig.seen("1001") == ("OK", 5062)
        rig.server.boots = True
        rig.server.contacts = [("1002", URI, "Reachable")]
        await rig.until_up()
        assert rig.seen("1001") == ("", 0)
        assert rig.seen("1002") == ("OK", 5062)


async def test_after_a_cut_in_a_storm_the_view_is_right_again(rig: Rig) -> None:
    async with rig.link():
        storm = b"".join(
            contact_status("1001", URI, ("Reachable", "Unreachable")[number % 2])
            for number in range(10_000)
        )
        rig.server.contacts = [("1001", URI, "Unknown")]
        before = rig.server.connections
        rig.server.send(storm)
        await eventually(rig.watcher.statuses)
        rig.server.cut(storm[:-30])
        await eventually(lambda: rig.server.connections > before)
        await rig.until_up()
        assert rig.seen("1001") == ("UNKNOWN", 5062)


async def test_a_server_that_stops_answering_is_noticed_by_the_ping(rig: Rig) -> None:
    async with rig.link():
        rig.server.hearing.clear()
        async with asyncio.timeout(2 * QUICK.ping_every + QUICK.answer + 0.2):
            await rig.until_down("did not answer Ping")
        rig.server.hearing.set()
        await rig.until_up()


async def test_a_peer_that_reads_nothing_does_not_hold_up_the_close(rig: Rig) -> None:
    async with rig.link() as link:
        rig.server.hearing.clear()
        flood = "x" * 100_000
        waiting = [link.action("DBPut", Val=flood) for _ in range(300)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(result) for result in results} == {AsteriskUnavailable}
        async with asyncio.timeout(1):
            await rig.until_down()
        rig.server.hearing.set()
        await rig.until_up()


async def test_nothing_is_sent_again_after_a_reconnect(rig: Rig) -> None:
    rig.server.answers["Originate"] = lambda _: None
    async with rig.link() as link:
        ringing = asyncio.create_task(link.action("Originate", Channel="PJSIP/1001"))
        await eventually(lambda: rig.server.received("Originate"))
        rig.server.cut()
        with pytest.raises(AsteriskUnavailable, match="closed"):
            await ringing
        await eventually(lambda: rig.server.connections == 2)
        await rig.until_up()
        await link.action("CoreStatus")
        assert len(rig.server.received("Originate")) == 1


async def test_wrong_credentials_are_told_clearly_and_once(
    rig: Rig, logs: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with rig.link("not-the-secret", up=False):
        await rig.until_down("Asterisk refused the AMI login of user bridge")
        await eventually(lambda: len(rig.server.received("Login")) >= 3)
        assert named(logs) == ["ami.refused"]
    assert "not-the-secret" not in f"{logs}{caplog.text}"


async def test_loss_and_recovery_are_logged_once_each_and_no_secret_is(
    rig: Rig, logs: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with rig.link():
        await rig.server.stop()
        await rig.until_down("refused")
        await rig.server.listen()
        await rig.until_up()
        assert named(logs) == ["ami.connected", "ami.lost", "ami.connected"]
    assert SECRET not in f"{logs}{caplog.text}"


async def test_an_asterisk_that_is_not_booted_is_not_listened_to(rig: Rig) -> None:
    rig.server.boots = False
    async with rig.link(up=False):
        await rig.until_down("FullyBooted")
        assert not rig.server.received(LIST)
        rig.server.boots = True
        await rig.until_up()


async def test_a_failing_list_is_not_read_as_no_phones(rig: Rig) -> None:
    rig.server.contacts = [("1001", URI, "Reachable")]
    async with rig.link():
        rig.server.answers[LIST] = lambda sent: reply(sent, "Error", Message="No endpoints found")
        rig.server.cut()
        await rig.until_down("No endpoints found")
        assert rig.seen("1001") == ("OK", 5062)
        del rig.server.answers[LIST]
        await rig.until_up()


@pytest.mark.parametrize("action", [LIST, "IAXpeerlist"])
async def test_a_missing_write_right_is_told_with_what_to_set_where(rig: Rig, action: str) -> None:
    rig.server.answers[action] = lambda sent: reply(sent, "Error", Message="Permission denied")
    async with rig.link(up=False):
        await rig.until_down("write right `system` (manager.conf")


async def test_a_missing_read_right_is_told_with_what_to_set_where(rig: Rig) -> None:
    rig.server.boots = False  # FullyBooted is of the class system
    async with rig.link(up=False):
        await rig.until_down("read right `system` (manager.conf")


async def test_a_storm_is_told_in_few_pieces_and_what_comes_after_it_too(rig: Rig) -> None:
    rig.server.contacts = [("1001", URI, "Reachable")]  # so that no answer of another kind tells it
    async with rig.link():
        storm = [contact_status("1001", URI, "Reachable", number) for number in range(1, 20_001)]
        rig.server.send(b"".join(storm))
        await eventually(lambda: rig.mirror.state_of("1001").rtt_ms == 20.0)
        assert len(rig.watcher.states) < 35, "it came in 40 pieces or more"
        rig.server.send(contact_status("1001", URI, "Unreachable"))
        await eventually(lambda: rig.seen("1001") == ("UNREACHABLE", 5062))


async def test_a_reader_that_is_behind_has_the_server_wait_and_loses_nothing(rig: Rig) -> None:
    async with rig.link(timing=replace(QUICK, answer=20, ping_every=60)) as link:
        for aor in ("1001", "1002"):
            rig.server.send(contact_status(aor, URI, "Unreachable") * 30_000)
            rig.server.send(contact_status(aor, URI, "Reachable", 1500))
        assert (await link.action("CoreStatus")).success
        await eventually(lambda: rig.seen("1002") == ("OK", 5062))
        assert rig.seen("1001") == ("OK", 5062)


async def test_a_list_that_never_ends_is_given_up(rig: Rig) -> None:
    rig.server.answers[LIST] = lambda sent: reply(sent, EventList="start")
    async with rig.link(up=False):
        await rig.until_down("did not finish the list")


async def test_garbage_between_messages_is_skipped(rig: Rig) -> None:
    async with rig.link():
        rig.server.send(b"\r\n\r\n\xff\xfe garbage\r\n: \r\nno colon here\r\n\r\n:::\r\n\r\n")
        rig.server.send(block(Event="ContactStatus", AOR="1001"))  # half of its headers
        rig.server.send(b"Event: A\r\nEvent: B\r\nMessage: 1\r\nMessage: 2\r\n\r\n")
        rig.server.send(contact_status("1001", URI, "Reachable"))
        await eventually(lambda: rig.seen("1001") == ("OK", 5062))
        assert rig.server.connections == 1


async def test_a_peer_that_never_ends_a_message_is_left(rig: Rig) -> None:
    async with rig.link():
        rig.server.send(b"x" * 3_000_000)
        await rig.until_down("does not speak AMI")


async def test_a_message_in_single_bytes_is_read_whole_with_its_umlauts(rig: Rig) -> None:
    name = "Empfang Müller 受付"
    async with rig.link():
        event = contact_status(name, URI, "Reachable")
        rig.mirror.track(name, monitored=True)
        for byte in event:
            rig.server.send(bytes([byte]))
            await asyncio.sleep(0)
        await eventually(lambda: rig.seen(name) == ("OK", 5062))


async def test_a_failing_handler_is_logged_and_the_next_event_handled(
    rig: Rig, logs: list[EventDict]
) -> None:
    async with rig.link():
        rig.server.send(block(Event="MessageWaiting"))
        rig.server.send(contact_status("1001", URI, "Reachable"))
        await eventually(lambda: rig.seen("1001") == ("OK", 5062))
    failures = [entry for entry in logs if entry["event"] == "ami.handler_failed"]
    assert [entry["ami_event"] for entry in failures] == ["MessageWaiting"]


async def test_a_host_that_swallows_connections_is_given_up_in_time(rig: Rig) -> None:
    rig.server.answers["Login"] = lambda _: None
    async with rig.link(up=False):
        await rig.until_down("did not answer Login")


@pytest.mark.parametrize("stage", ["login", "boot", "list", "events"])
async def test_cancelling_leaves_no_task_and_no_connection(rig: Rig, stage: str) -> None:
    if stage == "login":
        rig.server.answers["Login"] = lambda _: None
    elif stage == "boot":
        rig.server.boots = False
    elif stage == "list":
        rig.server.answers[LIST] = lambda _: None
    last = {"login": "Login", "boot": "Login"}.get(stage, LIST)
    async with rig.link(up=stage == "events"):
        await eventually(lambda: rig.server.received(last))
    left = {task.get_name() for task in asyncio.all_tasks()}
    assert not {name for name in left if name.startswith("ami-")}
    await rig.server.stop()


async def test_a_cancel_that_meets_a_loss_is_not_swallowed(rig: Rig) -> None:
    for turns in range(25):  # of the event loop: one of them is the moment
        async with rig.link():
            rig.server.cut()
            for _ in range(turns):
                await asyncio.sleep(0)


async def test_whoever_only_asks_is_answered_amid_a_storm(rig: Rig) -> None:
    storm = contact_status("1001", URI, "Reachable") * 6000

    def answer(action: dict[str, str]) -> bytes:
        return storm + reply(action, Ping="Pong")

    rig.server.answers["Ping"] = answer
    settings = NodeSettings(ami_secret=SecretStr(SECRET))
    async with open_connection("127.0.0.1", rig.server.port, 5) as connection:
        await login(connection, settings, events="system")
        await fully_booted(connection, 5)
        connection.ignore_the_rest()
        for _ in range(3):
            assert (await connection.action("Ping")).success
