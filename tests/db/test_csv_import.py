"""Importing a file: what it would do, that it does all of that or nothing, and what it leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus, ExtensionSaved, OutboxChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.database import open_database
from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User
from pbxbridge.models.realtime import PsAuth, VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_list import ExtensionFilter
from pbxbridge.services.extension_search import ensure_search_index, ids_with
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.transfer.plan import Action, Plan
from pbxbridge.services.transfer.progress import Progress
from pbxbridge.services.transfer.transfer import Transfer
from tests.fakes.recording_bus import RecordingBus
from tests.rig.calling import open_the_outside
from tests.rig.extensions import extensions_on
from tests.rig.transfer import contents, file_of, import_rows, problems, refusal, transfer_on

pytestmark = pytest.mark.alembic

# One of each kind, with all that belongs to it; secrets are given, since random ones differ.
NEW = (
    {
        "number": "0100",
        "caller_id_name": "Zoë O'Neil",
        "voicemail": "yes",
        "voicemail_pin": "4321",
        "voicemail_email": "zoe@example.com",
        "dids": "+4930100 4930101",
        "users": "alice; bob",
        "mac": "00:04:F2:A1:B2:C3",
        "secret": "a-secret-of-one",
        "auth_username": "zoe",
        "auth_secret": "another-secret",
        "ring_time": "35",
        "external_caller_id": "+4930100",
        "forward_busy": "0101",
    },
    {
        "number": "0101",
        "device_type": "SIP-VIRTUAL",
        "caller_id_name": "Zoë's second",
        "mac": "0004f2a1b2c3",
        "registration_number": "2",
        "secret": "a-secret-of-two",
    },
    {
        "number": "2001",
        "device_type": "IAX2",
        "caller_id_name": "Branch",
        "secret": "a-secret-of-iax",
        "monitored": "no",
    },
    {
        "number": "3001",
        "device_type": "DAHDI",
        "caller_id_name": "Gate",
        "dahdi_channel": "4",
        "do_not_disturb": "yes",
    },
    {"number": "4001", "device_type": "VIRTUAL", "caller_id_name": "Away", "forward_all": "0100"},
)
# What then becomes of them.
CHANGED = (
    {"number": "0101", "device_type": "IAX2", "mac": "", "secret": "a-secret-of-iax2"},
    {"number": "0100", "caller_id_name": "Zoe", "dids": "4930101", "users": "bob", "mac": ""},
    {"number": "2001", "device_type": "SIP", "voicemail": "yes", "voicemail_pin": "9876"},
    {"number": "3001", "device_type": "VIRTUAL", "forward_all": "+4930555", "dids": "+4930100"},
    {"number": "4001", "voicemail": "yes", "voicemail_pin": "5555", "class_of_service": ""},
    # Back again, before Asterisk was told to forget what it was.
    {"number": "0101", "device_type": "SIP", "secret": "a-secret-of-two"},
    {"number": "2001", "device_type": "IAX2", "secret": "a-secret-of-iax"},
)


@pytest.fixture
async def people(database: str) -> None:
    for login in ("alice", "bob"):
        await User.create(login=login, password_hash="")


@pytest.fixture
def transfer(database: str, bus: EventBus) -> Transfer:
    return transfer_on(bus)


def actions(plan: Plan) -> dict[str, Action]:
    return {row.asked.number: row.action for row in plan.rows}


async def save_one_by_one(
    extensions: Extensions, admin: Actor, *rows: dict[str, str], new: bool
) -> None:
    for row in rows:
        number = row["number"]
        if new:
            await extensions.create(admin, parse_extension(row))
        else:
            kept = {name: cell for name, cell in row.items() if name != "class_of_service"}
            await extensions.update(admin, number, kept)


@pytest.mark.usefixtures("_outside")
async def test_an_import_leaves_what_saving_one_by_one_leaves(
    people: None, transfer: Transfer, admin: Actor, elsewhere: str
) -> None:
    """Rows, links, licences, notices and audit are the same, for new extensions and for changes."""
    await import_rows(transfer, admin, *NEW)
    imported = [await contents()]
    # The rows of a file are parsed with all its columns, so an empty cell empties the field.
    for row in CHANGED:
        await import_rows(transfer, admin, row)
    imported.append(await contents())

    async with open_database(elsewhere):
        for login in ("alice", "bob"):
            await User.create(login=login, password_hash="")
        await open_the_outside()
        extensions = extensions_on(EventBus())
        await save_one_by_one(extensions, admin, *NEW, new=True)
        saved = [await contents()]
        await save_one_by_one(extensions, admin, *CHANGED, new=False)
        saved.append(await contents())
    assert imported == saved


async def test_a_dry_run_tells_of_each_row_and_writes_nothing(
    people: None, transfer: Transfer, admin: Actor
) -> None:
    await import_rows(transfer, admin, *NEW)
    before = await contents()
    plan = await transfer.plan(
        file_of(
            {"number": "0100", "caller_id_name": "Zoe", "ring_time": "", "voicemail_pin": "1111"},
            {"number": "0101", "caller_id_name": "Zoë's second"},
            {"number": "0102", "caller_id_name": "Adam"},
        )
    )
    assert not plan.errors
    assert actions(plan) == {
        "0100": Action.CHANGE,
        "0101": Action.NOTHING,
        "0102": Action.CREATE,
    }
    told = [(d.field, d.before, d.after) for d in plan.rows[0].differences]
    assert told == [
        ("caller_id_name", "Zoë O'Neil", "Zoe"),
        ("ring_time", "35", ""),
        ("voicemail_pin", "", ""),
    ]
    assert "1111" not in repr(plan.rows[0].differences)
    assert await contents() == before


async def test_a_column_that_is_not_there_leaves_the_field_alone(
    people: None, transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    await import_rows(transfer, admin, *NEW)
    before = await extensions.get("0100")
    await import_rows(transfer, admin, {"number": "0100", "phone_group": "Sales"})
    after = await extensions.get("0100")
    assert (after.phone_group, after.version) == ("Sales", before.version + 1)
    assert (after.dids, after.users, after.mac) == (before.dids, before.users, before.mac)


async def test_an_empty_cell_empties_the_field_or_says_nothing_where_nothing_can_be_empty(
    people: None, transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    await import_rows(transfer, admin, *NEW)
    names = ("dids", "users", "ring_time", "voicemail", "device_type", "class_of_service", "secret")
    await import_rows(transfer, admin, {"number": "0100", **dict.fromkeys(names, "")})
    view = await extensions.get("0100")
    assert (view.dids, view.users, view.ring_time) == ([], [], None)
    assert (view.voicemail, view.device_type, view.class_of_service) == (True, "SIP", "internal")
    assert await extensions.secret(admin, "0100") == "a-secret-of-one"


@pytest.mark.parametrize("column", ["colour", "version", "agent"])
async def test_an_unknown_column_is_refused_by_its_name(transfer: Transfer, column: str) -> None:
    assert await refusal(transfer, file_of({"number": "1", column: "x"})) == {
        column: "There is no such column."
    }


async def test_all_mistakes_are_told_at_once_with_row_and_column_and_nothing_is_written(
    transfer: Transfer, admin: Actor
) -> None:
    before = await contents()
    plan = await transfer.plan(
        b"number,caller_id_name,voicemail,voicemail_pin,users,class_of_service\n"
        b"1001,Ada,yes,,,\n"
        b"1002,,no,,,\n"
        b"1003,Eve,no,,nobody,world\n"
        b"1001,Ada again,no,,,\n"
        b"1004,x\n"
        b"h,Hangup,maybe,,,\n"
        b"1005,Right,no,,,\n"
    )
    found = problems(plan)
    assert [(row, column) for row, column, _ in found] == [
        (2, "voicemail_pin"),
        (3, "caller_id_name"),
        (4, "class_of_service"),
        (4, "users"),
        (5, "number"),
        (6, ""),
        (7, "number"),
        (7, "voicemail"),
    ]
    sentences = [sentence for _, _, sentence in found]
    assert sentences[2:6] == [
        "Choose one of internal.",
        "There is no user nobody.",
        "Extension 1001 stands in row 2 and again in row 5.",
        "This row has 2 cells, the header has 6.",
    ]
    with pytest.raises(Invalid):
        await transfer.apply(admin, plan)
    assert await contents() == before


async def test_a_mistake_in_another_systems_file_names_that_systems_column(
    transfer: Transfer,
) -> None:
    plan = await transfer.plan(
        file_of(
            {"extension": "100", "name": "A", "secret": "short", "tech": "pjsip"},
            {"extension": "101", "name": "B", "secret": "", "tech": "custom"},
        )
    )
    assert [(row, column) for row, column, _ in problems(plan)] == [(2, "secret"), (3, "tech")]
    assert "Empty the cell to have a random one made." in problems(plan)[0][2]


async def test_ignored_columns_and_rows_that_are_left_out_are_told(transfer: Transfer) -> None:
    fusion = {"extension": "100", "effective_caller_id_name": "A", "enabled": "true"}
    plan = await transfer.plan(
        file_of(
            {**fusion, "toll_allow": "international", "accountcode": ""},
            {**fusion, "extension": "101", "enabled": "false"},
        )
    )
    assert plan.ignored == ("toll_allow",)
    assert [(row.row, row.number) for row in plan.left_out] == [(3, "101")]
    assert actions(plan) == {"100": Action.CREATE}


@pytest.mark.parametrize("kind", ["changed", "created", "did", "place", "user"])
async def test_a_plan_that_holds_no_more_is_not_carried_out(
    people: None, transfer: Transfer, extensions: Extensions, admin: Actor, kind: str
) -> None:
    await import_rows(transfer, admin, {"number": "1001", "caller_id_name": "Ada"})
    plan = await transfer.plan(
        file_of(
            {"number": "1001", "phone_group": "x"},
            {
                "number": "1002",
                "caller_id_name": "Bob",
                "dids": "+4930",
                "mac": "000000000001",
                "users": "alice",
            },
        )
    )
    # Without a caller ID name the first row keeps the present one.
    assert not plan.errors
    meanwhile: dict[str, Any] = {"number": "1003", "caller_id_name": "Meanwhile"}
    match kind:
        case "changed":
            await extensions.update(admin, "1001", {"caller_id_name": "Alicia"})
        case "created":
            await extensions.create(admin, parse_extension({**meanwhile, "number": "1002"}))
        case "did":
            await extensions.create(admin, parse_extension({**meanwhile, "dids": ["+4930"]}))
        case "place":
            await extensions.create(admin, parse_extension({**meanwhile, "mac": "000000000001"}))
        case _:
            await User.filter(login="alice").delete()
    before = await contents()
    with pytest.raises(Conflict, match="Nothing was imported"):
        await transfer.apply(admin, plan)
    assert await contents() == before


async def test_a_failure_half_way_leaves_everything_as_it_was(
    people: None, transfer: Transfer, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await transfer.plan(file_of(*NEW))
    before = await contents()

    async def fails(*_args: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("pbxbridge.services.transfer.writing.by_key", fails)
    with pytest.raises(OSError, match="disk full"):
        await transfer.apply(admin, plan)
    assert await contents() == before


async def test_a_pin_that_is_changed_by_phone_meanwhile_stays(
    people: None, transfer: Transfer, admin: Actor
) -> None:
    await import_rows(transfer, admin, *NEW)
    plan = await transfer.plan(file_of({"number": "0100", "caller_id_name": "Zoe"}))
    await VoicemailBox.filter(mailbox="0100").update(password="998877")
    await transfer.apply(admin, plan)
    box = await VoicemailBox.get(mailbox="0100")
    assert (box.password, box.fullname) == ("998877", "Zoe")


async def test_a_new_pin_replaces_one_that_was_chosen_by_phone(
    people: None, transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    await import_rows(transfer, admin, *NEW)
    await VoicemailBox.filter(mailbox="0100").update(password="998877")
    assert (await extensions.get("0100")).pin_changed_by_phone_at
    await import_rows(transfer, admin, {"number": "0100", "voicemail_pin": "112233"})
    assert (await VoicemailBox.get(mailbox="0100")).password == "112233"
    assert (await extensions.get("0100")).pin_changed_by_phone_at is None


async def test_what_was_imported_is_found_and_so_is_what_is_saved_after(
    transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    await ensure_search_index()
    await import_rows(transfer, admin, {"number": "1001", "caller_id_name": "Imported"})
    await extensions.create(admin, parse_extension({"number": "1002", "caller_id_name": "Ported"}))
    await import_rows(transfer, admin, {"number": "1003", "caller_id_name": "Reported"})
    found = await extensions.page(ExtensionFilter(search="ported"))
    assert [view.number for view in found.items] == ["1001", "1002", "1003"]
    assert await ids_with("Imported", 10) is not None


async def test_only_rows_that_change_are_written(
    people: None, transfer: Transfer, admin: Actor
) -> None:
    await import_rows(transfer, admin, *NEW)
    renamed = {"number": "0100", "caller_id_name": "Zoe"}
    plan = await transfer.plan(file_of(renamed, {"number": "0101", "caller_id_name": ""}))
    told: list[Progress] = []
    await transfer.apply(admin, plan, told.append)
    # The portal's row, the endpoint, the mailbox, the audit.
    assert told[-1] == Progress("Writing", 4, 4)


async def test_watchers_hear_of_every_extension_that_changed(database: str, admin: Actor) -> None:
    bus = RecordingBus()
    transfer = transfer_on(bus)
    rows = [{"number": str(n), "caller_id_name": "A", "monitored": "no"} for n in (1001, 1002)]
    await import_rows(transfer, admin, *rows)
    assert bus.published == [
        ExtensionSaved("1001", monitored=False),
        ExtensionSaved("1002", monitored=False),
        OutboxChanged(),
    ]
    bus.published.clear()
    await import_rows(transfer, admin, rows[0], {**rows[1], "caller_id_name": "B"})
    assert bus.published == [ExtensionSaved("1002", monitored=False), OutboxChanged()]


async def test_secrets_are_random_where_the_file_gives_none_and_not_in_the_audit(
    transfer: Transfer, admin: Actor
) -> None:
    rows = [{"number": str(n), "caller_id_name": "A"} for n in (1001, 1002)]
    given = {"secret": "given-by-file", "voicemail": "yes", "voicemail_pin": "471199"}
    await import_rows(transfer, admin, *rows, {**rows[0], "number": "1003", **given})
    secrets = {auth.id: auth.password for auth in await PsAuth.all()}
    assert secrets["1003"] == "given-by-file"
    assert len({secrets["1001"], secrets["1002"]}) == 2
    assert len(secrets["1001"]) == 24
    audit = str(await AuditEntry.all().values())
    assert not [secret for secret in (*secrets.values(), "471199") if secret in audit]


async def test_others_are_served_while_a_large_file_is_worked_on(
    transfer: Transfer, extensions: Extensions, admin: Actor
) -> None:
    rows = [{"number": str(n), "caller_id_name": "Row"} for n in range(10_000, 11_500)]
    told: list[Progress] = []
    working = asyncio.create_task(transfer.plan(file_of(*rows), tell=told.append), name="plan")
    served = 0
    while not working.done():
        await extensions.page()
        served += 1
    await transfer.apply(admin, await working, told.append)
    assert served > 2
    assert await Extension.all().count() == 1500
    assert {step.doing for step in told} == {"Checking", "Preparing", "Writing"}
    assert told[-1] == Progress("Writing", 1500 * 6, 1500 * 6)
    for doing in ("Checking", "Preparing", "Writing"):
        steps = [step.done for step in told if step.doing == doing]
        assert steps == sorted(steps)
        assert steps[0] == 0
