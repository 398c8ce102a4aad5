"""Desk phones' addresses: who gets one, until when, and what is shown of the phones."""

from __future__ import annotations

from hashlib import sha256

import pytest

from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.phone import DeskPhone
from pbxbridge.services.actor import Actor
from pbxbridge.services.desk_phones.addresses import NoSuchAddress
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.extensions import Extensions
from tests.db.fetching_phones import FETCHED, MAC, OTHER, fetched, token_for
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.desk_phones import PUBLIC_URL, desk_phones_on
from tests.rig.extensions import delete_knowingly
from tests.rig.phone_files import read_yealink
from tests.web.forms import add


async def test_of_an_address_a_hash_is_kept_and_nothing_is_told(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    token = await token_for(phones, admin)
    assert len(token) == 43
    await fetched(phones, token)
    row = await DeskPhone.get(mac=MAC)
    assert row.token_hash == sha256(token.encode()).hexdigest()
    secrets = {await carried.secret(admin, "1001"), "another-secret", token}
    told = str(await AuditEntry.all().values())
    assert not [secret for secret in secrets if secret in told]


async def test_a_new_address_and_a_removal_end_the_one_before(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    first = await token_for(phones, admin)
    second = await token_for(phones, admin)
    with pytest.raises(NoSuchAddress):
        await fetched(phones, first)
    await fetched(phones, second)
    await phones.revoke_address(admin, MAC)
    with pytest.raises(NoSuchAddress):
        await fetched(phones, second)
    with pytest.raises(NoSuchAddress):
        await fetched(phones, "")
    with pytest.raises(NotFound):
        await phones.revoke_address(admin, MAC)
    assert await AuditEntry.filter(action="phone.address-removed").count() == 1
    assert (await phones.get(MAC)).made_at is None


@pytest.mark.parametrize("leaves", ["moves", "is deleted", "becomes virtual"])
async def test_an_old_address_gives_nothing_of_a_later_owner(
    carried: Extensions, phones: DeskPhones, admin: Actor, leaves: str
) -> None:
    token = await token_for(phones, admin)
    if leaves == "moves":
        await carried.update(admin, "1001", {"mac": OTHER})
    elif leaves == "is deleted":
        await delete_knowingly(carried, admin, "1001")
    else:
        await delete_knowingly(carried, admin, "1003")
        await carried.update(admin, "1001", {"device_type": "VIRTUAL"})
    with pytest.raises(NoSuchAddress):
        await fetched(phones, token)
    await add(carried, admin, "2001", mac=MAC, phone_make="Yealink")
    with pytest.raises(NoSuchAddress):
        await fetched(phones, token)
    assert (await phones.get(MAC)).made_at is None
    assert '"2001"' not in str(await AuditEntry.filter(action=FETCHED).values())
    new = await token_for(phones, admin)
    assert read_yealink(await fetched(phones, new)).lines[1].user == "2001"
    with pytest.raises(NoSuchAddress):
        await fetched(phones, token)


@pytest.mark.parametrize("at_once", [False, True])
async def test_an_extension_that_comes_back_to_a_phone_finds_no_address_there(
    carried: Extensions, phones: DeskPhones, admin: Actor, at_once: bool
) -> None:
    token = await token_for(phones, admin)
    for mac in (OTHER, MAC):
        if at_once:
            await carried.update_many(admin, ["1001"], {"mac": mac})
        else:
            await carried.update(admin, "1001", {"mac": mac})
    assert not await DeskPhone.exists()
    with pytest.raises(NoSuchAddress):
        await fetched(phones, token)


async def test_an_address_goes_with_the_first_extension_only(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    await add(carried, admin, "1002", mac=MAC, registration_number=2)
    token = await token_for(phones, admin)
    await carried.update(admin, "1002", {"mac": OTHER})
    assert list(read_yealink(await fetched(phones, token)).lines) == [1, 3]
    await carried.update(admin, "1002", {"mac": MAC})
    await delete_knowingly(carried, admin, "1001")
    assert not await DeskPhone.exists()
    with pytest.raises(NoSuchAddress):
        await fetched(phones, token)


@pytest.mark.parametrize(
    ("make", "public_url", "said"),
    [
        ("Yealink", "", "must begin with https://"),
        ("Yealink", "http://pbx.example.com", "must begin with https://"),
        ("Yealink", "http://localhost:8080", ""),
        ("Yealink", "http://127.0.0.1:8080", ""),
        ("", PUBLIC_URL, "Choose the phone's make at extension 1001 first."),
        ("Fanvil", PUBLIC_URL, "Fanvil is not in the list"),
        ("IntellaPhone", PUBLIC_URL, "fetches no configuration"),
    ],
)
async def test_an_address_is_made_only_where_a_phone_can_use_it(
    carried: Extensions, board: Board, admin: Actor, make: str, public_url: str, said: str
) -> None:
    await carried.update(admin, "1001", {"phone_make": make})
    phones = desk_phones_on(board, public_url=public_url)
    if not said:
        await phones.new_address(admin, MAC)
        return
    with pytest.raises(Invalid, match=said):
        await phones.new_address(admin, MAC)
    assert not await DeskPhone.exists()


async def test_a_phone_that_no_extension_has_gets_no_address(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    with pytest.raises(NotFound):
        await phones.new_address(admin, OTHER)


async def test_phones_are_listed_searched_and_paged(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    await add(carried, admin, "2001", mac=OTHER, phone_make="Snom", phone_model="D735")
    await add(carried, admin, "3001")
    iax = {"device_type": "IAX2", "mac": "0004f2000000"}
    await add(carried, admin, "4001", **iax)

    async def found(search: str) -> list[str]:
        return [phone.mac for phone in (await phones.page(search)).items]

    assert await found("") == [MAC, OTHER]
    assert await found("1003") == await found("yeal") == await found("f2:A1-b2") == [MAC]
    assert await found("d73") == await found("Desk 2") == [OTHER]
    assert await found("0004f2") == [MAC, OTHER]
    assert await found("nobody") == await found("00:00:00:") == []
    second = await phones.page(page=2, per_page=1)
    assert ([p.mac for p in second.items], second.total, second.pages) == ([OTHER], 2, 2)
    assert (await phones.page(page=9, per_page=1)).page == 2


async def test_a_phone_is_told_by_way_of_a_line_that_is_registered(
    carried: Extensions, bus: EventBus, board: Board, admin: Actor
) -> None:
    told = []

    async def notify(node: str, endpoint: str, event: str) -> None:
        told.append((node, endpoint, event))

    phones = desk_phones_on(board, notify=notify)
    with pytest.raises(Conflict, match="not registered"):
        await phones.resync(admin, MAC)
    mirror = EagerMirror("asterisk", board)
    await mirror.track_all(await carried.monitored())
    mirror.link_up()
    mirror.contact_changed(ContactReport("1003", "sip:1003@192.0.2.7:5062", "Reachable"))
    await phones.resync(admin, MAC)
    assert told == [("", "1003", "check-sync;reboot=false")]
    entry = await AuditEntry.get(action="phone.resynced")
    assert (entry.subject, entry.after) == (MAC, {"extension": "1003"})
    await carried.update(admin, "1001", {"phone_make": "IntellaPhone"})
    with pytest.raises(Conflict, match="IntellaPhone cannot be told"):
        await phones.resync(admin, MAC)
