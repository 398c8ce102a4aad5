"""Undo at the worst moment, and after anything: exactly what was before, or nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.audit_trail import AuditTrail, AuditView, NotUndoable
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.services.users import Users
from tests.db.audit_changes import CREATED, add_people, change, state

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


class Meddled(Extensions):
    """Somebody else changes the extension in the moment between look and change."""

    meddle: Mapping[str, object]
    times = 1

    async def update(self, *args: Any, **more: Any) -> ExtensionView:
        if self.times and more.get("version") is not None:
            self.times -= 1
            await super().update(Actor("joan", ""), "1001", self.meddle)
        return await super().update(*args, **more)


@pytest.fixture
def meddled(database: str, bus: EventBus) -> Meddled:
    return Meddled(bus, SiteDefaults(qualify_frequency=60, ring_time=20), Licences(None))


async def test_nothing_slips_in_between_look_and_change(
    meddled: Meddled, users: Users, admin: Actor, _extension: None
) -> None:
    trail = AuditTrail(meddled, users)
    entry = await change(meddled, trail, forward_all="1002")
    meddled.meddle = {"forward_all": "1003"}
    with pytest.raises(NotUndoable) as caught:
        await trail.undo(admin, entry.id)
    assert caught.value.undo.in_the_way[0].actor == "joan"
    assert (await state(meddled))["forward_all"] == "1003"


async def test_another_field_that_somebody_changes_at_that_moment_stays_changed(
    meddled: Meddled, users: Users, admin: Actor, _extension: None
) -> None:
    trail = AuditTrail(meddled, users)
    entry = await change(meddled, trail, forward_all="1002")
    meddled.meddle = {"phone_group": "Sales"}
    made = await trail.undo(admin, entry.id)
    assert (made.actor, made.before) == ("admin", {"forward_all": "1002"})
    now = await state(meddled)
    assert (now["forward_all"], now["phone_group"]) == ("", "Sales")


async def test_of_two_who_undo_the_same_at_once_one_is_told_so(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, forward_all="1002")
    results = await asyncio.gather(
        *(trail.undo(admin, entry.id) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(result, AuditView) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert (await state(extensions))["forward_all"] == ""


async def test_a_pin_that_is_changed_by_phone_is_no_obstacle(
    extensions: Extensions, trail: AuditTrail, admin: Actor, _extension: None
) -> None:
    entry = await change(extensions, trail, forward_all="1002")
    await VoicemailBox.filter(mailbox="1001").update(password="998877")
    await trail.undo(admin, entry.id)
    assert (await VoicemailBox.get(mailbox="1001")).password == "998877"


STEPS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "device_type": st.sampled_from(["SIP", "IAX2", "VIRTUAL"]),
            "caller_id_name": st.sampled_from(["Ada", "Grace"]),
            "voicemail": st.booleans(),
            "voicemail_pin": st.just("4321"),
            "voicemail_email": st.sampled_from(["", "ada@pbx.local", "a@x.de, b@x.de"]),
            "voicemail_audio": st.sampled_from(["wav", "link"]),
            "voicemail_after_sending": st.sampled_from(["keep", "delete"]),
            "forward_all": st.sampled_from(["", "1002", "+4930555"]),
            "dids": st.sampled_from([[], ["1"], ["1", "2"]]),
            "ring_time": st.one_of(st.none(), st.integers(5, 8)),
            "mac": st.sampled_from(["", "0004f2000001"]),
            "users": st.sampled_from([[], ["grace"], ["grace", "joan"]]),
        },
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, undone=st.lists(st.integers(0, 20), min_size=1, max_size=4))
async def test_undo_gives_exactly_what_was_before_or_changes_nothing(
    extensions: Extensions,
    trail: AuditTrail,
    admin: Actor,
    _people: None,
    steps: list[dict[str, object]],
    undone: list[int],
) -> None:
    if "1001" not in await extensions.monitored():
        await extensions.create(admin, parse_extension(CREATED))
    start = (await trail.page()).items[0].id
    for step in steps:
        try:
            await extensions.update(admin, "1001", step)
        except Invalid:
            continue  # a rule that is tested elsewhere
    for number in undone:
        ids = await AuditEntry.filter(id__gt=start, action="extension.changed").order_by("id")
        if not ids:
            return
        entry = await trail.get(ids[number % len(ids)].id)
        newer = [other for other in ids if other.id > entry.id]
        touched = any({*other.before} & {*entry.before} for other in newer)
        before, entries = await state(extensions), await AuditEntry.all().count()
        try:
            await trail.undo(admin, entry.id)
        except (NotUndoable, Invalid) as why:
            assert await state(extensions) == before
            assert await AuditEntry.all().count() == entries
            assert not (isinstance(why, Invalid) and touched)
        else:
            assert not touched
            assert await state(extensions) == {**before, **entry.before}
