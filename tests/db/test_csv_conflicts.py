"""Mistakes that no row has by itself: against other rows of the file, and what is there."""

from __future__ import annotations

import pytest

from pbxbridge.events import EventBus
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences, count_licences
from pbxbridge.services.transfer.transfer import Transfer
from tests.rig.extensions import delete_knowingly
from tests.rig.transfer import file_of, import_rows, problems, transfer_on

MAC = "000000000001"


def new(number: str, **cells: str) -> dict[str, str]:
    return {"number": number, "caller_id_name": f"Desk {number}", **cells}


@pytest.fixture
def transfer(database: str, bus: EventBus) -> Transfer:
    return transfer_on(bus)


async def found(transfer: Transfer, *rows: dict[str, str]) -> list[tuple[int, str, str]]:
    return problems(await transfer.plan(file_of(*rows)))


async def test_a_sip_virtual_may_join_a_device_of_the_same_file(
    transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    second = new("1002", device_type="SIP-VIRTUAL", mac=MAC, registration_number="2")
    assert await found(transfer, second) == [
        (2, "mac", "There is no SIP extension with this MAC address to join.")
    ]
    await import_rows(transfer, admin, second, new("1001", mac=MAC, device_type="SIP"))
    assert (await extensions.get("1002")).mac == MAC


@pytest.mark.usefixtures("_outside")
async def test_a_sip_virtual_is_not_left_without_its_device(
    transfer: Transfer, admin: Actor
) -> None:
    second = new("1002", device_type="SIP-VIRTUAL", mac=MAC, registration_number="2")
    await import_rows(transfer, admin, new("1001", mac=MAC, device_type="SIP"), second)
    moved = {"number": "1001", "mac": "000000000002"}
    assert [row for row, _, _ in await found(transfer, moved, {**second})] == [3]
    left = "SIP-VIRTUAL 1002 would be on no device. Move that, too."
    assert await found(transfer, moved) == [(2, "mac", left)]
    virtual = new("1001", device_type="VIRTUAL", forward_all="900")
    assert await found(transfer, virtual) == [(2, "mac", left)]
    along = {"number": "1002", "mac": "000000000002"}
    assert await found(transfer, moved, along) == []
    assert await found(transfer, moved, new("1003", mac=MAC, device_type="SIP")) == []


async def test_a_mistake_in_the_primarys_row_is_told_once(transfer: Transfer) -> None:
    wrong = await found(
        transfer,
        new("1001", mac="00:00:00:00:00:01", device_type="SIP", ring_time="999"),
        new("1002", device_type="SIP-VIRTUAL", mac=MAC, registration_number="2"),
    )
    assert [(row, column) for row, column, _ in wrong] == [(2, "ring_time")]


async def test_two_extensions_cannot_have_one_place_on_a_phone(
    transfer: Transfer, admin: Actor
) -> None:
    wrong = await found(transfer, new("1001", mac=MAC), new("1002", mac=MAC))
    assert wrong == [
        (2, "registration_number", "This place on the phone belongs to extension 1002 (row 3)."),
        (3, "registration_number", "This place on the phone belongs to extension 1001 (row 2)."),
    ]
    await import_rows(transfer, admin, new("1001", mac=MAC))
    assert await found(transfer, new("1003", mac=MAC)) == [
        (2, "registration_number", "This place on the phone belongs to extension 1001.")
    ]


async def test_two_extensions_may_swap_their_places(
    transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    other = "000000000002"
    await import_rows(transfer, admin, new("1001", mac=MAC), new("1002", mac=other))
    await import_rows(transfer, admin, new("1001", mac=other), new("1002", mac=MAC))
    assert [(await extensions.get(n)).mac for n in ("1001", "1002")] == [other, MAC]


async def test_a_place_that_the_file_makes_free_may_be_taken(
    transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    await import_rows(transfer, admin, new("1001", mac=MAC))
    await import_rows(transfer, admin, new("1001", mac=""), new("1002", mac=MAC))
    assert [(await extensions.get(n)).mac for n in ("1001", "1002")] == ["", MAC]


async def test_a_dahdi_channel_is_for_one_and_a_group_for_many(
    transfer: Transfer, admin: Actor
) -> None:
    dahdi = {"device_type": "DAHDI"}
    await import_rows(transfer, admin, new("1001", **dahdi, dahdi_channel="1"))
    wrong = await found(
        transfer,
        new("1002", **dahdi, dahdi_channel="1"),
        new("1003", **dahdi, dahdi_channel="g0"),
        new("1004", **dahdi, dahdi_channel="g0"),
    )
    assert wrong == [(2, "dahdi_channel", "This channel belongs to extension 1001.")]


async def test_a_did_has_one_owner_and_may_move_within_the_file(
    transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    await import_rows(transfer, admin, new("1001", dids="+491 +492"), new("1002", dids=""))
    assert await found(transfer, new("1003", dids="+491"), new("1004", dids="5; 6 +492 5")) == [
        (2, "dids", "DID +491 belongs to extension 1001."),
        (3, "dids", "DID +492 belongs to extension 1001."),
    ]
    assert await found(transfer, new("1003", dids="5"), new("1004", dids="5")) == [
        (3, "dids", "DID 5 belongs to extension 1003 (row 2).")
    ]
    await import_rows(transfer, admin, new("1002", dids="+491"), new("1001", dids="+492"))
    assert [(await extensions.get(n)).dids for n in ("1001", "1002")] == [["+492"], ["+491"]]


@pytest.mark.usefixtures("_outside")
async def test_more_than_the_licence_allows_is_refused(
    database: str, bus: EventBus, admin: Actor
) -> None:
    transfer = transfer_on(bus, licences=2)
    rows = [new(str(number)) for number in (1001, 1002, 1003)]
    virtual = {"device_type": "VIRTUAL", "forward_all": "900"}
    [(row, column, sentence)] = await found(transfer, *rows)
    assert (row, column) == (4, "device_type")
    assert sentence.startswith("3 licences would be in use, of 2.")
    await import_rows(transfer, admin, *rows[:2], {**rows[2], **virtual})
    assert (await Licences(2).view()).used == 2
    # One becomes free in the same file.
    await import_rows(transfer, admin, {**rows[0], **virtual}, new("1004"))
    assert (await Licences(2).view()).used == 2
    await count_licences()
    assert (await Licences(2).view()).used == 2


async def test_a_number_that_asterisk_is_yet_to_forget_is_not_free(
    transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    await import_rows(transfer, admin, new("1001"))
    await delete_knowingly(extensions, admin, "1001")
    [(row, column, sentence)] = await found(transfer, new("1001"))
    assert (row, column) == (2, "number")
    assert "still being removed" in sentence


async def test_rows_that_somebody_made_by_hand_are_not_taken_over(
    transfer: Transfer, admin: Actor
) -> None:
    await import_rows(transfer, admin, new("1001"), new("1002"))
    await Extension.all().delete()
    await DialplanRow.all().delete()
    assert await found(transfer, new("1001"), new("1003")) == [
        (2, "number", "Asterisk's tables hold a 1001 that was not made here.")
    ]
