"""Saving extensions: portal, Asterisk's tables, outbox and audit change together or not at all."""

import asyncio
import sqlite3
from typing import Any

import pytest

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.events import Event, EventBus, ExtensionDeleted, ExtensionSaved
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.database import sqlite_path
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import DialplanRow, PsAor, PsAuth, PsEndpoint, VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import ExtensionFilter, Extensions
from pbxbridge.services.realtime_writer import RealtimeWriter
from tests.rig.extensions import delete_knowingly

pytestmark = pytest.mark.alembic

REALTIME = (PsEndpoint, PsAuth, PsAor, VoicemailBox, DialplanRow)


def wanted(number: str = "1001", **fields: Any) -> ExtensionInput:
    values: dict[str, Any] = {
        "caller_id_name": "Alice",
        "voicemail": True,
        "voicemail_pin": "4321",
    } | fields
    return ExtensionInput(number=number, **values)


def changes(number: str = "1001", **fields: Any) -> dict[str, Any]:
    return wanted(number, **fields).model_dump()


async def counts() -> list[int]:
    return [await model.all().count() for model in REALTIME]


async def test_creating_an_extension_writes_one_row_per_table(
    extensions: Extensions, admin: Actor
) -> None:
    _, secret = await extensions.create(admin, wanted())
    assert await counts() == [1, 1, 1, 1, 1]
    assert (await PsAuth.get(id="1001")).password == secret
    assert await extensions.secret(admin, "1001") == secret
    assert (await VoicemailBox.get(mailbox="1001")).password == "4321"


async def test_secrets_are_random_and_long(extensions: Extensions, admin: Actor) -> None:
    for number in ("1001", "1002"):
        await extensions.create(admin, wanted(number))
    first, second = [await extensions.secret(admin, number) for number in ("1001", "1002")]
    assert first != second
    assert len(first) == len(second) == 24


async def test_a_regenerated_secret_is_the_one_that_registers(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    old = await extensions.secret(admin, "1001")
    new = await extensions.regenerate_secret(admin, "1001")
    assert new != old
    assert (await PsAuth.get(id="1001")).password == new


async def test_a_duplicate_number_is_refused_and_changes_nothing(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    with pytest.raises(Invalid) as refused:
        await extensions.create(admin, wanted(caller_id_name="Mallory"))
    assert refused.value.fields == {"number": "Extension 1001 exists already."}
    assert (await Extension.get(number="1001")).caller_id_name == "Alice"
    assert await counts() == [1, 1, 1, 1, 1]


async def test_two_creates_at_once_make_one_extension(extensions: Extensions, admin: Actor) -> None:
    results = await asyncio.gather(
        *(extensions.create(admin, wanted()) for _ in range(5)), return_exceptions=True
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert all(isinstance(r, Invalid) for r in results if isinstance(r, BaseException))
    assert await counts() == [1, 1, 1, 1, 1]


async def test_an_endpoint_that_somebody_made_by_hand_is_not_taken_over(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    await Extension.all().delete()
    with pytest.raises(Invalid) as refused:
        await extensions.create(admin, wanted())
    assert refused.value.fields == {
        "number": "Asterisk's tables hold a 1001 that was not made here."
    }
    assert await Extension.all().count() == 0


async def test_a_box_needs_a_pin(extensions: Extensions, admin: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        await extensions.create(admin, wanted(voicemail_pin=""))
    assert refused.value.fields == {"voicemail_pin": "A voicemail box needs a PIN."}
    assert await counts() == [0, 0, 0, 0, 0]


async def test_an_unknown_class_of_service_is_refused(extensions: Extensions, admin: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        await extensions.create(admin, wanted(class_of_service="world"))
    assert list(refused.value.fields) == ["class_of_service"]


async def test_an_empty_pin_keeps_the_one_that_was_changed_by_phone(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    await VoicemailBox.filter(mailbox="1001").update(password="998877")
    await extensions.update(admin, "1001", changes(voicemail_pin="", caller_id_name="Alicia"))
    box = await VoicemailBox.get(mailbox="1001")
    assert (box.password, box.fullname) == ("998877", "Alicia")


async def test_switching_voicemail_off_removes_the_box(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    await extensions.update(admin, "1001", changes(voicemail=False))
    assert await VoicemailBox.all().count() == 0
    assert (await PsEndpoint.get(id="1001")).mailboxes == ""


@pytest.mark.usefixtures("_outside")
async def test_an_edit_keeps_the_secret_and_writes_only_the_rows_that_change(
    extensions: Extensions, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await extensions.create(admin, wanted())
    secret = await extensions.secret(admin, "1001")
    writers: list[RealtimeWriter] = []
    original = RealtimeWriter.write

    async def spy(self: RealtimeWriter, *args: Any) -> None:
        writers.append(self)
        await original(self, *args)

    monkeypatch.setattr(RealtimeWriter, "write", spy)
    await extensions.update(admin, "1001", changes(forward_all="1002"))
    await extensions.update(admin, "1001", changes(forward_all="1002"))
    assert [writer.written for writer in writers] == [1, 0]
    assert await extensions.secret(admin, "1001") == secret


async def test_the_number_of_an_extension_cannot_be_edited(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    with pytest.raises(Invalid):
        await extensions.update(admin, "1001", changes("1002"))


async def test_deleting_leaves_nothing_and_tells_asterisk(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    await AsteriskNotice.all().delete()
    await delete_knowingly(extensions, admin, "1001")
    assert await counts() == [0, 0, 0, 0, 0]
    notices = await AsteriskNotice.all().order_by("id").values_list("kind", "subject")
    assert [(kind.value, subject) for kind, subject in notices] == [
        ("forget-contacts", "1001"),
        ("forget-mailbox", "1001@default"),
    ]
    with pytest.raises(NotFound):
        await extensions.get("1001")


async def test_a_number_is_free_again_once_asterisk_forgot_its_last_owner(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    await delete_knowingly(extensions, admin, "1001")
    with pytest.raises(Invalid) as refused:
        await extensions.create(admin, wanted())
    assert "still being removed" in refused.value.fields["number"]
    await AsteriskNotice.all().delete()
    await extensions.create(admin, wanted())


async def test_a_failure_half_way_leaves_everything_as_it_was(
    extensions: Extensions, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await extensions.create(admin, wanted())
    audited = await AuditEntry.all().count()

    async def fails(*_args: Any, **_more: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("pbxbridge.services.audit.record", fails)
    for change in (
        extensions.create(admin, wanted("1002")),
        extensions.update(admin, "1001", changes(caller_id_name="Alicia")),
        delete_knowingly(extensions, admin, "1001"),
        extensions.regenerate_secret(admin, "1001"),
    ):
        before = await PsAuth.all().values()
        with pytest.raises(OSError, match="disk full"):
            await change
        assert await PsAuth.all().values() == before
    assert await counts() == [1, 1, 1, 1, 1]
    assert (await extensions.get("1001")).caller_id_name == "Alice"
    assert await AuditEntry.all().count() == audited


async def test_every_change_is_audited_without_secrets(
    extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, wanted())
    await extensions.update(admin, "1001", changes(caller_id_name="Alicia", voicemail_pin="776655"))
    secret = await extensions.secret(admin, "1001")
    new_secret = await extensions.regenerate_secret(admin, "1001")
    await delete_knowingly(extensions, admin, "1001")
    entries = await AuditEntry.all().order_by("id")
    assert [entry.action for entry in entries] == [
        "extension.created",
        "extension.changed",
        "extension.pin-changed",
        "extension.secret-read",
        "extension.secret-regenerated",
        "extension.deleted",
    ]
    assert (entries[1].before, entries[1].after) == (
        {"caller_id_name": "Alice"},
        {"caller_id_name": "Alicia"},
    )
    assert {(entry.actor, entry.address) for entry in entries} == {("admin", "127.0.0.1")}
    recorded = str([(entry.before, entry.after) for entry in entries])
    for private in (secret, new_secret, "4321", "776655"):
        assert private not in recorded


@pytest.mark.sqlite
async def test_a_save_waits_for_a_lock_that_asterisk_holds_and_then_succeeds(
    database: str, extensions: Extensions, admin: Actor
) -> None:
    path = sqlite_path(database)
    assert path is not None
    with sqlite3.connect(path, isolation_level=None) as asterisk:
        asterisk.execute("BEGIN IMMEDIATE")
        save = asyncio.create_task(extensions.create(admin, wanted()), name="save")
        done, _ = await asyncio.wait([save], timeout=0.2)
        assert not done
        asterisk.execute("COMMIT")
        await asyncio.wait_for(save, 5)
    asterisk.close()
    assert await counts() == [1, 1, 1, 1, 1]


async def test_watchers_hear_of_a_save_after_it_is_committed(
    extensions: Extensions, admin: Actor, bus: EventBus
) -> None:
    with bus.subscribe() as events:
        await extensions.create(admin, wanted(monitored=False))
        await delete_knowingly(extensions, admin, "1001")
        heard: list[Event] = [await events.get() for _ in range(3)]
    assert ExtensionSaved("1001", monitored=False) in heard
    assert ExtensionDeleted("1001") in heard


async def test_the_list_is_in_dialling_order_and_can_be_searched(
    extensions: Extensions, admin: Actor
) -> None:
    for number, name in (("1002", "Bob"), ("20", "Lobby"), ("1001", "Alice")):
        await extensions.create(admin, wanted(number, caller_id_name=name))
    assert [item.number for item in (await extensions.page()).items] == ["20", "1001", "1002"]
    assert [
        item.number for item in (await extensions.page(ExtensionFilter(search="LOB"))).items
    ] == ["20"]
    second = await extensions.page(page=2, per_page=2)
    assert ([item.number for item in second.items], second.total, second.pages) == (["1002"], 3, 2)
