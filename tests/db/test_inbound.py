"""Calls from outside: each DID is a row, patterns are lines, and the rest has one target."""

from __future__ import annotations

import pytest

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import DialplanRow, StaticConfigRow
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.rig.calling import calling_on
from tests.rig.extensions import delete_knowingly
from tests.rig.transfer import import_rows, transfer_on
from tests.web.forms import add


async def dids() -> dict[str, str]:
    rows = DialplanRow.filter(context="did", priority=1, app="Goto")
    return {str(did): str(data) for did, data in await rows.values_list("exten", "appdata")}


async def lines(category: str) -> list[str]:
    rows = StaticConfigRow.filter(category=category).order_by("var_metric")
    return [str(value) for value in await rows.values_list("var_val", flat=True)]


async def test_a_did_is_a_row_that_rings_its_extension_without_a_reload(
    extensions: Extensions, admin: Actor
) -> None:
    await AsteriskNotice.all().delete()
    await add(extensions, admin, "1001", dids=["+4930100", "101"])
    assert await dids() == {"+4930100": "extensions,1001,1", "101": "extensions,1001,1"}
    await extensions.update(admin, "1001", {"dids": ["101"]})
    assert await dids() == {"101": "extensions,1001,1"}
    assert not await AsteriskNotice.exists()
    await delete_knowingly(extensions, admin, "1001")
    assert await dids() == {}


async def test_dids_move_also_by_import(
    extensions: Extensions, bus: EventBus, admin: Actor
) -> None:
    await add(extensions, admin, "1001", dids=["101", "_10XX"])
    await add(extensions, admin, "1002", dids=["102"])
    with pytest.raises(Invalid) as refused:
        await extensions.update(admin, "1002", {"dids": ["101"]})
    assert refused.value.fields == {"dids": "DID 101 belongs to extension 1001."}
    swapped = ({"number": "1001", "dids": "102"}, {"number": "1002", "dids": "101 _10XX"})
    await import_rows(transfer_on(bus), admin, *swapped)
    assert await dids() == {"101": "extensions,1002,1", "102": "extensions,1001,1"}
    assert await lines("did-patterns") == ["_10XX,1,Goto(extensions,1002,1)"]


async def test_a_pattern_is_a_line_of_the_static_dialplan(
    extensions: Extensions, admin: Actor
) -> None:
    await AsteriskNotice.all().delete()
    await add(extensions, admin, "1001", dids="_4930123xx")
    assert await lines("did-patterns") == ["_4930123XX,1,Goto(extensions,1001,1)"]
    assert await dids() == {}
    assert await AsteriskNotice.all().count() == 1
    await extensions.update(admin, "1001", {"caller_id_name": "Ada"})
    assert await AsteriskNotice.all().count() == 1
    await delete_knowingly(extensions, admin, "1001")
    assert await lines("did-patterns") == []


async def test_one_pattern_written_in_two_ways_is_one_did(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", dids="_49[0-9]1")
    assert (await extensions.get("1001")).dids == ["_49X1"]
    with pytest.raises(Invalid):
        await add(extensions, admin, "1002", dids="_49X1")


async def test_unknown_dids_ring_what_is_set_as_long_as_it_is_there(
    extensions: Extensions, bus: EventBus, admin: Actor
) -> None:
    inbound = calling_on(bus).inbound
    await add(extensions, admin, "1001")
    with pytest.raises(Invalid, match="no extension, phone group or queue 9"):
        await inbound.update(admin, {"unknown_did": "9"})
    with pytest.raises(Invalid):
        await inbound.update(admin, {"unknown_did": "1001,1)" + "x" * 50})
    stored = await inbound.update(admin, {"unknown_did": "1001"})
    assert await lines("did-unknown") == ["s,1,Goto(extensions,1001,1)"]
    with pytest.raises(Conflict):
        await inbound.update(admin, {"unknown_did": ""}, version=stored.version - 1)
    assert "unknown-did:1001" in {usage.key for usage in await extensions.usage("1001")}
    await delete_knowingly(extensions, admin, "1001")
    assert await lines("did-unknown") == []
    after = await inbound.get()
    assert (after.fields.unknown_did, after.version) == ("", stored.version + 1)
