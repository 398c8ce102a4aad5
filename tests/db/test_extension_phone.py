"""A phone that carries several extensions: its SIP-VIRTUALs are never left without a device."""

from __future__ import annotations

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.forms import add

MAC, OTHER = "0004f2a1b2c3", "0004f2ffffff"


@pytest.fixture
async def phone(extensions: Extensions, admin: Actor) -> Extensions:
    """The phone with its SIP extension 1001 and the SIP-VIRTUAL 1002."""
    await add(extensions, admin, "1001", mac=MAC)
    virtual = {"device_type": "SIP-VIRTUAL", "mac": MAC, "registration_number": 2}
    await add(extensions, admin, "1002", **virtual)
    return extensions


async def macs(extensions: Extensions, *numbers: str) -> list[str]:
    return [(await extensions.get(number)).mac for number in numbers]


async def test_a_new_phone_takes_its_virtual_extensions_along(
    phone: Extensions, admin: Actor
) -> None:
    await phone.update(admin, "1001", {"mac": OTHER})
    assert await macs(phone, "1001", "1002") == [OTHER, OTHER]
    assert await AuditEntry.filter(subject="1002", action="extension.changed").count() == 1
    await phone.update(admin, "1002", {"caller_id_name": "Still editable"})


async def test_they_stay_where_another_sip_extension_carries_them(
    phone: Extensions, admin: Actor
) -> None:
    await add(phone, admin, "1003", mac=MAC, registration_number=3)
    await phone.update(admin, "1001", {"mac": OTHER})
    assert await macs(phone, "1001", "1002") == [OTHER, MAC]
    assert [usage.key for usage in await phone.usage("1001")] == []
    await phone.delete(admin, "1001")
    assert (await phone.get("1002")).mac == MAC


async def test_a_forward_that_leads_nowhere_hides_nothing_else(
    phone: Extensions, admin: Actor
) -> None:
    with pytest.raises(Invalid) as refused:
        await phone.update(admin, "1001", {"device_type": "VIRTUAL", "forward_all": "900"})
    assert list(refused.value.fields) == ["device_type", "forward_all"]


@pytest.mark.usefixtures("_outside")
@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"mac": ""}, ["mac"]),
        ({"device_type": "VIRTUAL", "forward_all": "900"}, ["device_type"]),
        ({"device_type": "SIP-VIRTUAL"}, ["device_type", "mac"]),
    ],
)
async def test_what_carries_them_cannot_become_something_else(
    phone: Extensions, admin: Actor, change: dict[str, object], fields: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await phone.update(admin, "1001", change)
    assert list(refused.value.fields) == fields
    assert await macs(phone, "1001", "1002") == [MAC, MAC]


async def test_a_move_to_a_place_that_is_taken_moves_nothing(
    phone: Extensions, admin: Actor
) -> None:
    await add(phone, admin, "1003", mac=OTHER, registration_number=2)
    with pytest.raises(Invalid) as refused:
        await phone.update(admin, "1001", {"mac": OTHER})
    assert refused.value.fields == {
        "mac": "SIP-VIRTUAL 1002 cannot come along: This place on the phone belongs to "
        "extension 1003."
    }
    assert await macs(phone, "1001", "1002") == [MAC, MAC]


@pytest.mark.usefixtures("_outside")
async def test_the_phone_is_left_in_peace_if_the_type_is_the_old_one_before_asterisk_was_told(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    await extensions.update(admin, "1001", {"device_type": "VIRTUAL", "forward_all": "900"})
    forgetting = AsteriskNotice.filter(kind=NoticeKind.FORGET_CONTACTS)
    assert await forgetting.count() == 1
    await extensions.update(admin, "1001", {"device_type": "SIP"})
    assert await forgetting.count() == 0
