"""The audit: what a search finds, and that nothing in it changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.people import Role
from pbxbridge.services.actor import Actor
from pbxbridge.services.audit_filter import KINDS, parse_filter
from pbxbridge.services.audit_trail import AuditTrail
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.stepwise import Pace
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import Users
from tests.rig.extensions import delete_knowingly

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def trail(extensions: Extensions, users: Users) -> AuditTrail:
    return AuditTrail(extensions, users)


@pytest.fixture
def slow_trail(extensions: Extensions, users: Users) -> AuditTrail:
    """Reads 3 entries at once, and at most 6 for a page."""
    return AuditTrail(extensions, users, Pace(step=3, steps=2))


async def add(at: datetime = NOON, **fields: Any) -> int:
    """Write an entry as of that time; return its id."""
    values: dict[str, Any] = {
        "actor": "ada",
        "address": "192.0.2.1",
        "action": "extension.changed",
        "subject": "1001",
        "before": {},
        "after": {},
    }
    entry = await AuditEntry.create(**(values | fields))
    await AuditEntry.filter(id=entry.id).update(at=at)
    return entry.id


async def found(trail: AuditTrail, **typed: object) -> list[int]:
    return [entry.id for entry in (await trail.page(parse_filter(typed))).items]


async def test_a_name_that_is_longer_than_any_that_is_kept_finds_nothing(
    trail: AuditTrail,
) -> None:
    await add()
    for length in (64, 65, 80):
        assert await found(trail, actor="a" * length) == []
        assert await found(trail, actor=f"*{'a' * (length - 1)}") == []
    # In lower case it is longer by a half.
    assert await found(trail, actor="\u0130" * 64) == []
    assert await found(trail, subject="1" * 80) == []


async def test_the_newest_entry_is_first(trail: AuditTrail) -> None:
    ids = [await add() for _ in range(3)]
    assert await found(trail) == ids[::-1]


async def test_a_subject_is_found_whole_or_by_a_part_with_a_star(trail: AuditTrail) -> None:
    exact, longer, user = [await add(subject=name) for name in ("1001", "11001", "ada.l_ve")]
    assert await found(trail, subject="1001") == [exact]
    assert await found(trail, subject="*1001") == [longer, exact]
    assert await found(trail, subject="11*") == [longer]
    assert await found(trail, subject="*0*") == [longer, exact]
    assert await found(trail, subject="ADA.L_VE") == [user]
    assert await found(trail, subject="*l_v*") == [user]
    assert await found(trail, subject="*l%v*") == []
    assert await found(trail, subject="*") == [user, longer, exact]


async def test_one_can_ask_for_actor_action_kind_and_field(trail: AuditTrail) -> None:
    mac = await add(actor="grace", before={"mac": ""}, after={"mac": "0004f2000001"})
    mentions = await add(after={"caller_id_name": 'a "mac": b', "forward_all": "1"})
    token = await add(action="user.api-token-created", subject="ada", after={"name": "mac"})
    sign_in = await add(action="user.signed-in", subject="ada")
    assert await found(trail, field="mac") == [mac]
    assert await found(trail, field="forward_all") == [mentions]
    assert await found(trail, actor="grace") == [mac]
    assert await found(trail, action="user.signed-in") == [sign_in]
    route = await add(action="route.changed", subject="national")
    by_kind = {kind: ids for kind in KINDS if (ids := await found(trail, kind=kind))}
    assert by_kind == {
        "extension": [mentions, mac],
        "user": [sign_in, token],
        "sign-in": [sign_in],
        "token": [token],
        "route": [route],
    }
    assert await found(trail, kind="extension", actor="grace", field="mac", subject="10*") == [mac]


async def test_both_days_are_included_and_in_utc(trail: AuditTrail) -> None:
    midnight = datetime(2026, 1, 31, tzinfo=UTC)
    moments = [
        midnight - timedelta(microseconds=1),
        midnight,
        midnight + timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999),
        midnight + timedelta(days=1),
    ]
    ids = [await add(at) for at in moments]
    assert await found(trail, **{"from": "2026-01-31", "to": "2026-01-31"}) == [ids[2], ids[1]]
    assert await found(trail, **{"from": "2026-02-01"}) == [ids[3]]
    assert await found(trail, to="2026-01-30") == [ids[0]]
    assert await found(trail, **{"from": "0001-01-01", "to": "9999-12-31"}) == ids[::-1]
    assert await found(trail, to="1999-12-31") == []


async def test_a_clock_that_was_put_back_hides_nothing(trail: AuditTrail) -> None:
    hours = (0, 1, 2, 0, 1, -3, 2, 3)
    ids = [await add(NOON + timedelta(hours=hour)) for hour in hours]
    assert await found(trail, **{"from": "2026-01-31", "to": "2026-01-31"}) == ids[::-1]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"from": "31.1.2026"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"to": "now"}, "to"),
        ({"from": "2026-02-01", "to": "2026-01-31"}, "to"),
        ({"subject": "x" * 81}, "subject"),
        ({"actor": "a\nb"}, "actor"),
        ({"kind": "queue"}, "kind"),
        ({"field": 'a"b'}, "field"),
        ({"action": "; drop"}, "action"),
        ({"nonsense": "1"}, "nonsense"),
    ],
)
def test_what_cannot_be_searched_is_said_beside_its_field(
    typed: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_filter(typed)
    assert list(refused.value.fields) == [field]
    assert refused.value.fields[field].endswith(".")


def test_a_day_may_also_be_given_as_a_date() -> None:
    assert parse_filter({"from": date(2026, 1, 31), "to": ""}).first_day == date(2026, 1, 31)


async def test_pages_follow_each_other_without_gap_or_double(trail: AuditTrail) -> None:
    ids = [await add() for _ in range(7)]
    seen: list[int] = []
    older: int | None = None
    for _ in range(4):
        page = await trail.page(older_than=older, per_page=2)
        seen += [entry.id for entry in page.items]
        await add()  # what is new meanwhile moves nothing
        older = page.older
        if older is None:
            break
    assert seen == ids[::-1]
    assert older is None


async def test_a_search_that_finds_little_pauses_and_says_how_far_it_came(
    slow_trail: AuditTrail,
) -> None:
    ids = [await add(NOON + timedelta(minutes=minute)) for minute in range(13)]
    await AuditEntry.filter(id=ids[0]).update(actor="grace")
    wanted = parse_filter({"actor": "grace"})
    first = await slow_trail.page(wanted)
    assert (first.items, first.older) == ([], ids[7])
    assert first.searched_back_to == NOON + timedelta(minutes=7)
    second = await slow_trail.page(wanted, older_than=first.older)
    assert (second.items, second.older) == ([], ids[1])
    third = await slow_trail.page(wanted, older_than=second.older)
    assert ([entry.id for entry in third.items], third.older) == ([ids[0]], None)
    assert third.searched_back_to is None


async def test_a_page_beyond_the_end_is_empty(trail: AuditTrail) -> None:
    assert (await trail.page(older_than=0)).items == []
    await add()
    page = await trail.page(older_than=1)
    assert (page.items, page.older) == ([], None)
    with pytest.raises(NotFound):
        await trail.get(999)


async def test_entries_stay_when_actor_and_subject_are_gone(
    trail: AuditTrail, extensions: Extensions, users: Users, admin: Actor
) -> None:
    await users.create(admin, UserInput(login="root", role=Role.ADMIN))
    await users.create(admin, UserInput(login="grace", role=Role.ADMIN))
    grace = Actor("grace", "192.0.2.7")
    await extensions.create(grace, parse_extension({"number": "1001", "caller_id_name": "A"}))
    assert await trail.present((await trail.page()).items) == {
        ("user", "root"),
        ("user", "grace"),
        ("extension", "1001"),
    }
    await users.delete(admin, "grace")
    await delete_knowingly(extensions, admin, "1001")
    entries = (await trail.page(parse_filter({"actor": "grace"}))).items
    assert [(entry.action, entry.subject, entry.address) for entry in entries] == [
        ("extension.created", "1001", "192.0.2.7")
    ]
    assert await trail.present(entries) == set()
