"""A phone group's rows follow its members, whatever changes them."""

from __future__ import annotations

from typing import Any

import pytest

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.realtime import DialplanRow, StaticConfigRow
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.rig.calling import Calling, calling_on
from tests.rig.extensions import delete_knowingly
from tests.rig.transfer import import_rows, transfer_on
from tests.web.forms import add

pytestmark = pytest.mark.alembic

SALES = {"name": "Sales", "number": "600"}


@pytest.fixture
async def site(database: str, bus: EventBus, extensions: Extensions, admin: Actor) -> Calling:
    """Two phones in the group Sales, and a third that is in none."""
    calling = calling_on(bus)
    await add(extensions, admin, "1001", phone_group="Sales")
    await add(extensions, admin, "1002", phone_group="Sales", device_type="IAX2")
    await add(extensions, admin, "1003")
    await calling.groups.create(admin, SALES)
    return calling


async def rings(number: str = "600") -> list[str]:
    rows = DialplanRow.filter(context="extensions", exten=number).order_by("priority")
    return [str(data) for data in await rows.values_list("appdata", flat=True)]


async def refusal(asked: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields


async def test_all_members_ring_in_dialling_order(site: Calling) -> None:
    assert await rings() == ["sub-group,s,1(20,,PJSIP/1001&IAX2/1002)"]
    assert await site.groups.members("Sales") == ["1001", "1002"]


async def test_who_is_not_to_be_disturbed_does_not_ring(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await extensions.update(admin, "1001", {"do_not_disturb": True})
    assert await rings() == ["sub-group,s,1(20,,IAX2/1002)"]


async def test_a_member_with_another_device_rings_that(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await extensions.update(admin, "1002", {"device_type": "DAHDI", "dahdi_channel": "3"})
    assert await rings() == ["sub-group,s,1(20,,PJSIP/1001&DAHDI/3)"]
    changes = {"device_type": "VIRTUAL", "voicemail": True, "voicemail_pin": "4711"}
    await extensions.update(admin, "1001", changes)
    assert await rings() == ["sub-group,s,1(20,,DAHDI/3)"]


async def test_members_come_and_go_by_every_way(
    site: Calling, bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    await extensions.update_many(admin, ["1003"], {"phone_group": "Sales"})
    assert await rings() == ["sub-group,s,1(20,,PJSIP/1001&IAX2/1002&PJSIP/1003)"]
    await delete_knowingly(extensions, admin, "1001")
    assert await rings() == ["sub-group,s,1(20,,IAX2/1002&PJSIP/1003)"]
    row = {"number": "1004", "caller_id_name": "D", "phone_group": "Sales"}
    left = {"number": "1002", "phone_group": ""}
    await import_rows(transfer_on(bus), admin, row)
    await import_rows(transfer_on(bus), admin, left)
    assert await rings() == ["sub-group,s,1(20,,PJSIP/1003&PJSIP/1004)"]


async def test_more_members_than_fit_into_a_row_take_more(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    for number in range(2000, 2040):
        await add(extensions, admin, str(number), phone_group="Sales")
    first, *_, last = await rings()
    assert first.startswith("sub-group-members,s,1(PJSIP/1001&IAX2/1002&PJSIP/2000&")
    assert last.startswith("sub-group,s,1(20,,PJSIP/")
    assert all(len(data) <= 256 for data in await rings())


async def test_what_nobody_answers_goes_to_the_fallback_as_long_as_it_is_there(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    changed = await site.groups.update(admin, "Sales", {"fallback": "1003", "ring_time": 30})
    assert await rings() == ["sub-group,s,1(30,1003,PJSIP/1001&IAX2/1002)"]
    usages = {usage.key for usage in await extensions.usage("1003")}
    assert "group-fallback:Sales" in usages
    await delete_knowingly(extensions, admin, "1003")
    assert await rings() == ["sub-group,s,1(30,,PJSIP/1001&IAX2/1002)"]
    assert (await site.groups.get("Sales")).version == changed.version + 1


async def test_another_number_moves_the_rows_and_what_unknown_dids_ring(
    site: Calling, admin: Actor
) -> None:
    await site.inbound.update(admin, {"unknown_did": "600"})
    await site.groups.update(admin, "Sales", {"number": "601"})
    assert await rings() == []
    assert len(await rings("601")) == 1
    assert (await site.inbound.get()).fields.unknown_did == "601"
    assert (await StaticConfigRow.get(category="did-unknown")).var_val == (
        "s,1,Goto(extensions,601,1)"
    )


async def test_a_group_that_calls_are_sent_to_stays(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await extensions.update(admin, "1003", {"forward_busy": "600"})
    with pytest.raises(Conflict, match="extension 1003"):
        await site.groups.delete(admin, "Sales")
    wrong = await refusal(site.groups.update(admin, "Sales", {"number": "601"}))
    assert wrong == {"number": "Calls are sent to 600 by extension 1003."}
    await extensions.update(admin, "1003", {"forward_busy": ""})
    await site.inbound.update(admin, {"unknown_did": "600"})
    with pytest.raises(Conflict, match="unknown DIDs"):
        await site.groups.delete(admin, "Sales")
    await site.inbound.update(admin, {"unknown_did": ""})
    await site.groups.delete(admin, "Sales")
    assert await rings() == []


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"name": "B", "number": "1001"}, {"number": "There is an extension 1001 already."}),
        ({"name": "B", "number": "600"}, {"number": "This is the number of phone group Sales."}),
        ({"name": "Sales", "number": "601"}, {"name": "There is a phone group Sales already."}),
        (
            {"name": "B", "number": "601", "fallback": "9"},
            {"fallback": "There is no extension 9."},
        ),
        (
            {"name": "B", "number": "601", "fallback": "1" * 30},
            {"fallback": f"There is no extension {'1' * 20}."},
        ),
        (
            {"name": "a,b", "number": "601"},
            {"name": "These characters cannot be part of a group's name: , ; ^"},
        ),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    site: Calling, admin: Actor, values: dict[str, str], wrong: dict[str, str]
) -> None:
    assert await refusal(site.groups.create(admin, values)) == wrong
    assert await PhoneGroup.all().count() == 1


async def test_no_extension_takes_the_number_of_a_group(
    site: Calling, bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    wrong = await refusal(add(extensions, admin, "600"))
    assert wrong == {"number": "This is the number of phone group Sales."}
    with pytest.raises(Invalid):
        await import_rows(transfer_on(bus), admin, {"number": "600", "caller_id_name": "X"})


async def test_calls_cannot_go_round_between_a_group_and_its_fallback(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await extensions.update(admin, "1003", {"forward_all": "600"})
    wrong = await refusal(site.groups.update(admin, "Sales", {"fallback": "1003"}))
    circle = "600 → 1003 (no answer) → 600 (all calls)"
    assert wrong == {"fallback": f"Calls could go round in circles: {circle}."}
    await extensions.update(admin, "1003", {"forward_all": ""})
    await site.groups.update(admin, "Sales", {"fallback": "1003"})
    wrong = await refusal(extensions.update(admin, "1003", {"forward_all": "600"}))
    assert "1003 → 600 (all calls) → 1003 (no answer)" in wrong["forward_all"]
