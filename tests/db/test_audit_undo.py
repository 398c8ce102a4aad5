"""Undoing one change: exactly that change, and only if nothing newer touched the same."""

from __future__ import annotations

import pytest

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.people import Role
from pbxbridge.services.actor import Actor
from pbxbridge.services.audit_trail import AuditTrail, AuditView, NotUndoable, Undo
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.users import Users
from tests.db.audit_changes import CREATED, add_people, change, newest, state
from tests.rig.extensions import delete_knowingly

pytestmark = pytest.mark.usefixtures("_outside")


@pytest.fixture
def trail(extensions: Extensions, users: Users) -> AuditTrail:
    return AuditTrail(extensions, users)


@pytest.fixture
async def _extension(extensions: Extensions, admin: Actor) -> None:
    await extensions.create(admin, parse_extension(CREATED))


@pytest.fixture
async def _people(users: Users, admin: Actor) -> None:
    await add_people(users, admin)


async def refused(trail: AuditTrail, admin: Actor, entry: AuditView) -> Undo:
    """Undo in vain; return why. Nothing has changed by it."""
    entries = await AuditEntry.all().count()
    with pytest.raises(NotUndoable) as caught:
        await trail.undo(admin, entry.id)
    assert await AuditEntry.all().count() == entries
    assert caught.value.undo == await trail.undo_of(entry)
    assert str(caught.value) == caught.value.undo.why_not
    return caught.value.undo


async def test_undo_puts_back_what_the_change_changed_and_is_a_change_itself(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, forward_all="1002", dids="4930100, 4930101")
    later = await change(extensions, trail, phone_group="Sales")
    assert (await trail.undo_of(entry)).possible
    made = await trail.undo(admin, entry.id)
    now = await state(extensions)
    assert (now["forward_all"], now["dids"], now["phone_group"]) == ("", [], "Sales")
    assert (made.actor, made.action, made.subject) == ("admin", "extension.changed", "1001")
    assert (made.before, made.after) == (entry.after, entry.before)
    reference = await newest(trail, "extension.change-undone")
    assert (reference.actor, reference.subject) == ("admin", "1001")
    assert (reference.before, reference.after) == ({}, {"change": entry.id, "by": made.id})
    assert (await trail.undo_of(entry)).undone_by == made.id
    assert (await trail.undo_of(made)).undoes == entry.id
    assert (await trail.undo_of(later)).undone_by is None


async def test_an_undo_can_be_undone_and_that_again(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, forward_all="1002")
    for expected in ("", "1002", ""):
        entry = await trail.undo(admin, entry.id)
        assert (await state(extensions))["forward_all"] == expected


async def test_a_newer_change_of_the_same_field_is_named(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, forward_all="1002", phone_group="Sales")
    await change(extensions, trail, phone_make="Snom")
    in_the_way = await change(extensions, trail, forward_all="1003")
    undo = await refused(trail, admin, entry)
    assert (undo.fields, undo.in_the_way) == (("forward_all",), (in_the_way,))
    assert (await state(extensions))["phone_group"] == "Sales"


async def test_a_field_that_came_back_to_the_same_value_was_touched_all_the_same(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, forward_all="1002")
    await change(extensions, trail, forward_all="")
    await change(extensions, trail, forward_all="1002")
    assert len((await refused(trail, admin, entry)).in_the_way) == 2


async def test_a_deletion_is_in_the_way_also_of_a_later_extension_of_that_number(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, forward_all="1002")
    await delete_knowingly(extensions, admin, "1001")
    deletion = await newest(trail, "extension.deleted")
    assert (await refused(trail, admin, entry)).in_the_way == (deletion,)
    await AsteriskNotice.all().delete()
    await extensions.create(admin, parse_extension(CREATED | {"forward_all": "1002"}))
    assert (await refused(trail, admin, entry)).in_the_way == (deletion,)
    assert (await state(extensions))["forward_all"] == "1002"


async def test_what_would_go_along_is_in_the_way_too(
    extensions: Extensions, trail: AuditTrail, admin: Actor
) -> None:
    virtual = {"number": "1001", "caller_id_name": "Ada", "device_type": "VIRTUAL"}
    await extensions.create(admin, parse_extension(virtual | {"forward_all": "1002"}))
    entry = await change(extensions, trail, device_type="SIP")
    phone = await change(extensions, trail, phone_make="Snom")
    undo = await refused(trail, admin, entry)
    assert (undo.fields, undo.in_the_way) == (("phone_make",), (phone,))
    await trail.undo(admin, phone.id)
    await trail.undo(admin, entry.id)
    assert (await state(extensions))["device_type"] == "VIRTUAL"


async def test_what_switched_the_field_off_is_in_the_way(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, voicemail_email="", phone_group="Sales")
    switch = await change(extensions, trail, voicemail=False)
    undo = await refused(trail, admin, entry)
    assert (undo.fields, undo.in_the_way) == (("voicemail_email",), (switch,))
    assert (await state(extensions))["phone_group"] == "Sales"


async def test_the_other_end_of_a_link_is_in_the_way(
    extensions: Extensions,
    users: Users,
    trail: AuditTrail,
    admin: Actor,
    _extension: None,
    _people: None,
) -> None:
    entry = await change(extensions, trail, users=["grace"])
    await users.update(admin, "joan", {"name": "Joan C."})
    await users.update(admin, "joan", {"extensions": ["1001"]})
    undo = await refused(trail, admin, entry)
    linked = await newest(trail, "user.changed")
    assert (undo.fields, undo.in_the_way) == (("users",), (linked,))
    await trail.undo(admin, linked.id)
    await trail.undo(admin, entry.id)
    assert (await state(extensions))["users"] == []


async def test_a_deleted_person_is_in_the_way(
    extensions: Extensions,
    users: Users,
    trail: AuditTrail,
    admin: Actor,
    _extension: None,
    _people: None,
) -> None:
    entry = await change(extensions, trail, users=["grace"])
    await users.delete(admin, "grace")
    deletion = await newest(trail, "user.deleted")
    assert (await refused(trail, admin, entry)).in_the_way == (deletion,)


async def test_a_change_of_a_user_can_be_undone(
    extensions: Extensions,
    users: Users,
    trail: AuditTrail,
    admin: Actor,
    _extension: None,
    _people: None,
) -> None:
    before = await users.get("grace")
    await users.update(
        admin, "grace", {"name": "Grace", "role": "operator", "extensions": ["1001"]}
    )
    entry = await newest(trail, "user.changed")
    made = await trail.undo(admin, entry.id)
    now = await users.get("grace")
    assert (now.name, now.role, now.extensions) == (before.name, before.role, [])
    await trail.undo(admin, made.id)
    assert (await users.get("grace")).extensions == ["1001"]
    await change(extensions, trail, users=[])
    assert (await refused(trail, admin, await newest(trail, "user.changed"))).fields == (
        "extensions",
    )


async def test_the_last_administrator_stays_one(
    users: Users, trail: AuditTrail, admin: Actor, _people: None
) -> None:
    await users.update(admin, "grace", {"role": "admin"})
    promotion = await newest(trail, "user.changed")
    await users.delete(admin, "root")
    with pytest.raises(Invalid) as invalid:
        await trail.undo(admin, promotion.id)
    assert invalid.value.fields == {"role": "grace is the last administrator."}
    assert (await users.get("grace")).role is Role.ADMIN


async def test_a_rule_that_the_old_values_break_now_is_said_by_its_field(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    await extensions.update(admin, "1001", {"dids": ["4930100"]})
    moved = await change(extensions, trail, dids=[])
    await extensions.create(
        admin, parse_extension({"number": "1002", "caller_id_name": "B", "dids": "4930100"})
    )
    with pytest.raises(Invalid) as invalid:
        await trail.undo(admin, moved.id)
    assert invalid.value.fields == {"dids": "DID 4930100 belongs to extension 1002."}
    no_box = await change(extensions, trail, voicemail=False)
    with pytest.raises(Invalid) as invalid:
        await trail.undo(admin, no_box.id)
    assert list(invalid.value.fields) == ["voicemail_pin"]
    assert (await state(extensions))["voicemail"] is False
    assert await AuditEntry.filter(action="extension.change-undone").count() == 0


async def test_what_cannot_be_undone_says_why(
    extensions: Extensions,
    users: Users,
    trail: AuditTrail,
    admin: Actor,
    _extension: None,
    _people: None,
) -> None:
    await extensions.update(admin, "1001", {"voicemail_pin": "998877"})
    await extensions.regenerate_secret(admin, "1001")
    await users.reset_password(admin, "grace")
    await delete_knowingly(extensions, admin, "1001")
    for action, words in (
        ("extension.created", "A creation cannot be undone"),
        ("extension.deleted", "A deletion cannot be undone"),
        ("extension.pin-changed", "are not recorded"),
        ("extension.secret-regenerated", "are not recorded"),
        ("user.created", "A creation cannot be undone"),
        ("user.password-reset", "are not recorded"),
    ):
        undo = await refused(trail, admin, await newest(trail, action))
        assert words in undo.why_not
        assert (undo.possible, undo.in_the_way) == (False, ())
    with pytest.raises(NotFound):
        await trail.undo(admin, 9999)


async def test_an_entry_of_fields_that_there_are_no_more_is_left_alone(
    trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    old = await AuditEntry.create(
        actor="ada",
        address="",
        action="extension.changed",
        subject="1001",
        before={"colour": "red"},
        after={"colour": "blue"},
    )
    assert (await refused(trail, admin, await trail.get(old.id))).fields == ("colour",)
