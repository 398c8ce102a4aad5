"""Calls to and from a carrier, which is a second real Asterisk: routes, trunks, classes, DIDs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.asterisk.carrier_calls import (
    DEFAULT_CALLER_ID,
    Outside,
    reaches,
    refused,
    running_outside,
)
from tests.rig.carrier import BUSY, NO_CIRCUIT, UNALLOCATED
from tests.rig.system import TESTER
from tests.sip import Answer, Phone, Ring

OWN, IN_AN_EMERGENCY = "+4930111", "+4930112"


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with running_outside(tmp_path_factory.mktemp("outside")) as running:
        system = running.system
        await running.route("emergency", "112", "dead", "carrier", emergency=True)
        await running.route("national", "_0Z.", "carrier", strip=1, prepend="0049")
        await running.route("premium", "_0900X.", "carrier")
        await running.route("international", "_00.", "dead", "carrier")
        await running.class_of_service("national", "national")
        await running.class_of_service("world", "national", "international")
        await running.class_of_service("with-pin", "national", asks_pin=True, pin="2580")
        await system.extension("2001", "Alice", class_of_service="national")
        await system.extension(
            "2002",
            "Bob",
            class_of_service="world",
            external_caller_id=OWN,
            emergency_caller_id=IN_AN_EMERGENCY,
            dids=["+4930222", "_4930333XX"],
        )
        await system.extension("2003", "Carol")
        await system.extension("2004", "Dave", class_of_service="with-pin")
        await system.told()
        yield running


@pytest.fixture
async def cell(outside: Outside) -> AsyncIterator[Phone]:
    async with outside.carrier.subscriber() as phone:
        phone.on_incoming = Ring()
        yield phone


async def test_a_route_strips_prepends_and_shows_the_trunks_caller_id(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2001") as (alice,):
        incoming = await reaches(alice, "0301234", cell)
        assert (incoming.caller_name, incoming.caller_number) == ("0049301234", DEFAULT_CALLER_ID)
        assert "Diversion" not in incoming.headers


async def test_an_extensions_own_caller_id_comes_before_the_trunks(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2002") as (bob,):
        incoming = await reaches(bob, "0301234", cell)
        assert incoming.caller_number == OWN


async def test_the_next_trunk_takes_over_where_the_first_is_down(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2002") as (bob,):
        incoming = await reaches(bob, "0044123", cell)
        assert incoming.caller_name == "0044123"


async def test_everybody_may_dial_an_emergency_number_and_shows_where_they_are(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2002", "2003", "2004") as phones:
        shown = [(await reaches(phone, "112", cell)).caller_number for phone in phones]
    assert shown == [IN_AN_EMERGENCY, DEFAULT_CALLER_ID, DEFAULT_CALLER_ID]


async def test_an_emergency_call_gets_every_trunk_whatever_the_first_says(
    outside: Outside,
) -> None:
    await outside.route("help", f"110{UNALLOCATED}", "carrier", "dead", emergency=True)
    await outside.system.told()
    async with outside.system.registered("2003") as (carol,):
        # All trunks were tried: had the first one's word counted, it would be 404.
        assert await refused(carol, f"110{UNALLOCATED}") == 503
    await outside.system.calling.routes.delete(TESTER, "help")
    await outside.system.told()


async def test_the_next_trunk_takes_over_where_the_first_has_no_circuit(
    outside: Outside, cell: Phone
) -> None:
    system = outside.system
    async with Phone("full", "", "127.0.0.5", 5060, bind_host="127.0.0.5") as full:
        full.on_incoming = Ring()
        host, port = full.address
        await system.calling.trunks.create(TESTER, {"name": "full", "host": host, "port": port})
        await outside.route("overflow", "_88X.", "full", "carrier")
        await outside.class_of_service("overflow", "overflow")
        await system.extension("2005", "Eve", class_of_service="overflow")
        await system.told()
        async with system.registered("2005") as (eve,):
            call = await eve.call("88123")
            await (await full.wait_incoming()).reject(503)
            incoming = await cell.wait_incoming(10)
            assert incoming.caller_name == "88123"
            await call.hangup()


async def test_an_internal_number_does_not_leave_the_house(outside: Outside, cell: Phone) -> None:
    trunks = outside.system.calling.trunks
    await trunks.update(TESTER, "carrier", {"caller_id": ""})
    await outside.system.told()
    async with outside.system.registered("2001") as (alice,):
        incoming = await reaches(alice, "0301234", cell)
        assert "2001" not in incoming.caller_number
        assert "2001" not in str(incoming.headers.get("From"))
    await trunks.update(TESTER, "carrier", {"caller_id": DEFAULT_CALLER_ID})
    await outside.system.told()


@pytest.mark.parametrize(
    ("who", "number", "status"),
    [
        ("2001", "0044123", 403),
        ("2001", "0900123", 403),  # `national` would match it, were it not for `premium`
        ("2002", "0900123", 403),
        ("2003", "0301234", 403),
        ("2001", "91234", 404),
    ],
)
async def test_what_a_class_of_service_has_not_is_refused(
    outside: Outside, who: str, number: str, status: int
) -> None:
    async with outside.system.registered(who) as (phone,):
        assert await refused(phone, number) == status


@pytest.mark.parametrize(
    "number",
    [
        "030%2C1",
        "030%26PJSIP%2F2002",
        "030%22",
        "030%5C",
        "030$%7BEXTEN%7D",
        "030a",
        "030%29",
    ],
)
async def test_what_is_no_number_goes_nowhere(outside: Outside, cell: Phone, number: str) -> None:
    async with outside.system.registered("2001", "2002") as (alice, bob):
        status = await refused(alice, number)
        assert status is not None
        assert status >= 400
        assert not bob.incoming
        assert not cell.incoming


@pytest.mark.parametrize(("number", "status"), [(UNALLOCATED, 404), (BUSY, 486), (NO_CIRCUIT, 503)])
async def test_what_the_carrier_says_of_a_number_is_what_the_caller_hears(
    outside: Outside, number: str, status: int
) -> None:
    async with outside.system.registered("2001") as (alice,):
        assert await refused(alice, f"03{number}") == status


async def test_a_pin_is_asked_for_and_must_be_right(outside: Outside, cell: Phone) -> None:
    async with outside.system.registered("2004") as (dave,):
        call = await dave.call("0301234")
        await call.wait_answered()
        await call.send_dtmf("1111#")
        await call.send_dtmf("2580#")
        await cell.wait_incoming(20)
        await call.hangup()
        call = await dave.call("0301234")
        await call.wait_answered()
        await call.send_dtmf("1111#1111#")
        with contextlib.suppress(TimeoutError):  # the call ends before the last key is up again
            await call.send_dtmf("1111#")
        await call.wait_ended(30)
        assert len(cell.incoming) == 1


@pytest.mark.parametrize("did", ["4930222", "+4930222", "493033377"])
async def test_a_did_rings_its_extension_with_the_callers_number(
    outside: Outside, cell: Phone, did: str
) -> None:
    async with outside.system.registered("2002") as (bob,):
        bob.on_incoming = Answer()
        call = await cell.call(f"491701234*{did}")
        await call.wait_answered()
        assert bob.incoming[-1].caller_number == "491701234"
        await call.hangup()


async def test_unknown_dids_are_refused_or_go_where_the_site_says(
    outside: Outside, cell: Phone
) -> None:
    assert await refused(cell, "491701234*4930999") == 404
    inbound = outside.system.calling.inbound
    async with outside.system.registered("2003") as (carol,):
        carol.on_incoming = Ring()
        await inbound.update(TESTER, {"unknown_did": "2003"})
        await outside.system.told()
        await reaches(cell, "491701234*4930999", carol)
        await inbound.update(TESTER, {"unknown_did": ""})
        await outside.system.told()


async def test_from_outside_nothing_but_dids_can_be_reached(outside: Outside, cell: Phone) -> None:
    async with outside.system.registered("2002") as (bob,):
        for number in ("2002", "112", "0301234"):
            assert await refused(cell, f"491701234*{number}") == 404
        assert not bob.incoming


async def test_a_new_route_and_class_are_live_without_a_restart(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2003") as (carol,):
        assert await refused(carol, "77123") == 404
        await outside.route("special", "_77XXX", "carrier")
        await outside.class_of_service("special", "special")
        await outside.system.told()
        assert await refused(carol, "77123") == 403
        await outside.system.extensions.update(TESTER, "2003", {"class_of_service": "special"})
        assert (await reaches(carol, "77123", cell)).caller_name == "77123"
        await outside.system.extensions.update(TESTER, "2003", {"class_of_service": "internal"})
