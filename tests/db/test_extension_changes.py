"""Changing an extension: only what was asked, by whoever knows what is there now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.events import EventBus, ExtensionSaved
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.people import User
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    VoicemailBox,
)
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_saver import ExtensionSaver
from pbxbridge.services.extension_view import fields_of
from pbxbridge.services.extensions import Extensions
from tests.rig.extensions import delete_knowingly

pytestmark = [pytest.mark.usefixtures("_outside"), pytest.mark.alembic]

FULL: dict[str, Any] = {
    "number": "0100",
    "caller_id_name": "Zoë O'Neil",
    "voicemail": True,
    "voicemail_pin": "4321",
    "voicemail_email": "zoe@example.com, desk@example.com",
    "voicemail_audio": "mp3",
    "voicemail_after_sending": "delete",
    "voicemail_language": "de",
    "voicemail_time_zone": "Europe/Berlin",
    "dids": ["+4930100", "4930101"],
    "twinning_number": "+491700000",
    "phone_make": "Polycom",
    "phone_model": "VVX 250",
    "mac": "00:04:F2:A1:B2:C3",
    "registration_number": 2,
    "external_caller_id": "+4930100",
    "emergency_caller_id": "+4930199",
    "forward_busy": "0101",
    "forward_no_answer": "0102",
    "forward_unregistered": "+4930555",
    "ring_time": 35,
    "phone_group": "Sales",
    "auth_username": "zoe",
    "auth_secret": "another-secret",
}
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "caller_id_name": st.sampled_from(["Alice", "R&D; x", "${EXTEN}"]),
        "dids": st.sampled_from([[], ["1"], ["1", "+4930100"]]),
        "forward_all": st.sampled_from(["", "0101", "+49"]),
        "do_not_disturb": st.booleans(),
        "ring_time": st.one_of(st.none(), st.integers(5, 300)),
        "monitored": st.booleans(),
        "phone_group": st.sampled_from(["", "Support"]),
        "mac": st.sampled_from(["", "0004f2000001"]),
        "users": st.sampled_from([[], ["alice"], ["alice", "bob"]]),
        "voicemail_email": st.sampled_from(["", "new@example.com"]),
    },
)


async def realtime() -> list[Any]:
    """Every row of Asterisk's tables."""
    tables = (PsAor, PsAuth, PsEndpoint, IaxFriend, DialplanRow, VoicemailBox)
    return [await table.all().order_by(table._meta.pk_attr).values() for table in tables]


@pytest.fixture
async def _users(extensions: Extensions) -> None:
    for login in ("alice", "bob"):
        await User.create(login=login, password_hash="")


async def test_every_field_is_kept_as_it_was_asked_for(
    extensions: Extensions, admin: Actor, _users: None
) -> None:
    asked = FULL | {"users": ["bob", "alice"]}
    await extensions.create(admin, parse_extension(asked))
    view = await extensions.get("0100")
    expected = {name: value for name, value in asked.items() if name not in SECRET_FIELDS}
    expected |= {"mac": "0004f2a1b2c3", "users": ["alice", "bob"]}
    assert {name: getattr(view, name) for name in expected} == expected
    assert (await PsAuth.get(id="0100-auth")).username == "zoe"


SECRET_FIELDS = ("voicemail_pin", "auth_secret")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=CHANGES)
async def test_a_change_leaves_all_other_fields_and_secrets_as_they_were(
    extensions: Extensions, admin: Actor, _users: None, changes: dict[str, Any]
) -> None:
    if "0100" not in await extensions.monitored():
        await extensions.create(admin, parse_extension(FULL))
    before = await extensions.get("0100")
    secrets = await PsAuth.all().order_by("id").values()
    await extensions.update(admin, "0100", changes)
    after = fields_of(await extensions.get("0100"))
    lists = {name: sorted(changes[name]) for name in ("dids", "users") if name in changes}
    expected = fields_of(before) | changes | lists
    assert after == expected
    assert await PsAuth.all().order_by("id").values() == secrets
    assert (await VoicemailBox.get(mailbox="0100")).password == "4321"


async def test_saving_what_is_there_changes_nothing(extensions: Extensions, admin: Actor) -> None:
    view, _ = await extensions.create(admin, parse_extension(FULL))
    before, entries = await realtime(), await AuditEntry.all().count()
    again = await extensions.update(admin, "0100", fields_of(view))
    assert replace(again, waiting=view.waiting) == view
    assert await realtime() == before
    assert await AuditEntry.all().count() == entries


async def test_a_change_to_something_older_than_what_is_there_is_refused(
    extensions: Extensions, admin: Actor
) -> None:
    view, _ = await extensions.create(admin, parse_extension(FULL))
    await extensions.update(admin, "0100", {"phone_make": "Snom"}, version=view.version)
    with pytest.raises(Conflict):
        await extensions.update(admin, "0100", {"phone_make": "Yealink"}, version=view.version)
    assert (await extensions.get("0100")).phone_make == "Snom"


async def test_of_two_changes_to_the_same_version_one_is_refused(
    extensions: Extensions, admin: Actor
) -> None:
    view, _ = await extensions.create(admin, parse_extension(FULL))
    results = await asyncio.gather(
        *(
            extensions.update(admin, "0100", {"phone_make": make}, version=view.version)
            for make in ("Snom", "Yealink")
        ),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "ExtensionView"]


async def test_a_pin_changed_by_phone_is_noticed_and_never_overwritten_by_an_older_form(
    extensions: Extensions, admin: Actor, bus: EventBus
) -> None:
    view, _ = await extensions.create(admin, parse_extension(FULL))
    await VoicemailBox.filter(mailbox="0100").update(password="998877")
    with pytest.raises(Conflict, match="by phone"):
        await extensions.update(admin, "0100", {"voicemail_pin": "1234"}, version=view.version)
    assert (await VoicemailBox.get(mailbox="0100")).password == "998877"
    now = await extensions.get("0100")
    assert now.pin_changed_by_phone_at is not None
    assert abs(now.pin_changed_by_phone_at - datetime.now(UTC)).total_seconds() < 60
    entry = await AuditEntry.get(action="extension.pin-changed")
    assert (entry.actor, entry.subject) == ("phone", "0100")
    with bus.subscribe() as events:
        await extensions.update(admin, "0100", {"voicemail_pin": "1234"}, version=now.version)
        assert isinstance(await events.get(), ExtensionSaved)
    assert (await extensions.get("0100")).pin_changed_by_phone_at is None


async def test_looking_twice_at_a_pin_notices_its_change_once(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, parse_extension(FULL))
    await VoicemailBox.filter(mailbox="0100").update(password="998877")
    await asyncio.gather(*(extensions.notice_pin("0100") for _ in range(5)))
    assert await AuditEntry.filter(action="extension.pin-changed").count() == 1


async def test_an_extension_that_is_deleted_while_its_pin_is_looked_at_is_no_fault(
    extensions: Extensions, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await extensions.create(admin, parse_extension(FULL))
    await VoicemailBox.filter(mailbox="0100").update(password="998877")
    is_new = ExtensionSaver.pin_is_new

    async def deleted_meanwhile(self: ExtensionSaver, row: Extension) -> bool:
        found = await is_new(self, row)
        await delete_knowingly(extensions, admin, row.number)
        return found

    monkeypatch.setattr(ExtensionSaver, "pin_is_new", deleted_meanwhile)
    await extensions.notice_pin("0100")
    assert not await AuditEntry.filter(action="extension.pin-changed").exists()


@pytest.mark.parametrize("number", ["9", "1" * 21, "reception.front.desk.1", "1\x00"])
async def test_a_number_that_nobody_can_have_is_not_found(
    extensions: Extensions, admin: Actor, number: str
) -> None:
    await extensions.notice_pin(number)
    for asked in (
        extensions.get(number),
        extensions.update(admin, number, {"phone_make": "Snom"}),
        extensions.update_many(admin, [number], {"phone_make": "Snom"}),
        extensions.usage(number),
        extensions.delete(admin, number),
        extensions.secret(admin, number),
    ):
        with pytest.raises(NotFound):
            await asked


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"users": ["nobody"]}, "users"),
        ({"dids": ["4930999"]}, "dids"),
        ({"device_type": "VIRTUAL", "voicemail": False}, "forward_all"),
        ({"device_type": "DAHDI"}, "dahdi_channel"),
        ({"device_type": "SIP-VIRTUAL", "mac": "0004f2999999"}, "mac"),
        ({"mac": "0004f2888888", "registration_number": 1}, "registration_number"),
        ({"class_of_service": "world"}, "class_of_service"),
        ({"number": "0200"}, "number"),
        ({"twinning_number": "0100"}, "twinning_number"),
        ({"ring_time": 4}, "ring_time"),
        ({"ring_time": "soon"}, "ring_time"),
        ({"agent": True}, "agent"),
    ],
)
async def test_what_breaks_a_rule_is_refused_beside_its_field_and_changes_nothing(
    extensions: Extensions, admin: Actor, changes: dict[str, Any], field: str
) -> None:
    await extensions.create(admin, parse_extension(FULL))
    other = {"number": "0300", "caller_id_name": "X", "dids": "4930999", "mac": "0004f2888888"}
    await extensions.create(admin, parse_extension(other))
    before, rows = await extensions.get("0100"), await realtime()
    with pytest.raises(Invalid) as refused:
        await extensions.update(admin, "0100", changes)
    assert list(refused.value.fields) == [field]
    assert (await extensions.get("0100"), await realtime()) == (before, rows)


async def test_a_device_of_another_type_takes_over_the_number(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, parse_extension(FULL))
    await AsteriskNotice.all().delete()
    secret = await extensions.secret(admin, "0100")
    await extensions.update(admin, "0100", {"device_type": "IAX2"})
    assert (await IaxFriend.get(name="0100")).secret == secret
    assert [await table.all().count() for table in (PsAor, PsAuth, PsEndpoint)] == [0, 0, 0]
    assert "forget-contacts" in [notice.kind.value for notice in await AsteriskNotice.all()]
    view = await extensions.update(admin, "0100", {"device_type": "VIRTUAL"})
    assert (view.mac, view.ring_time, view.registration_number) == ("", None, 1)
    assert await IaxFriend.all().count() == 0
    assert await extensions.secret(admin, "0100") == ""
    with pytest.raises(Invalid):
        await extensions.regenerate_secret(admin, "0100")
    await extensions.update(admin, "0100", {"device_type": "SIP"})
    assert len(await extensions.secret(admin, "0100")) == 24
