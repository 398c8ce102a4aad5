"""How SQLite finds a page of the list: by an index, so that it takes as long at any size."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise import Tortoise

from benchmarks.population import numbers, populate
from pbxbridge.models.extension import Did, Extension
from pbxbridge.models.people import User
from pbxbridge.services import extension_list
from pbxbridge.services.extension_list import ExtensionFilter, read_numbers, read_page
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.user_extensions import extensions_of
from pbxbridge.services.users import Users
from tests.db.statements import plans, statements

COUNT = 60
# All of it is read, but of the index, in its order, and only as far as the page needs.
ALONG = "SCAN portal_extensions USING COVERING INDEX"


@pytest.fixture
async def _some(database: str) -> None:
    """Extensions of two types, each with a DID and a user, whose extensions some are."""
    await populate(COUNT)
    some = [str(number) for number in numbers(COUNT)]
    await Extension.filter(number__in=some[::3]).update(device_type="VIRTUAL")
    for row in await Extension.filter(number__in=some[:10]):
        await Did.create(number=f"49{row.number}", extension_id=row.id)
        await row.users.add(await User.create(login=f"of-{row.number}", password_hash=""))


async def steps_of(asked: Callable[[], Awaitable[object]]) -> list[str]:
    async with statements() as seen:
        await asked()
    return await plans(seen)


@pytest.mark.sqlite
@pytest.mark.usefixtures("_some")
@pytest.mark.parametrize(
    "wanted",
    [
        {"device_type": "SIP"},
        {"class_of_service": "internal"},
        {"device_type": "SIP", "sort": "caller_id_name"},
        {"class_of_service": "internal", "sort": "caller_id_name", "descending": True},
        {"user": "of-100001"},
        {"user": "of-100001", "device_type": "SIP", "class_of_service": "internal"},
        {"search": "100001", "device_type": "SIP"},
        {"search": "59"},
        {"among": ["100001", "100002"], "device_type": "SIP", "class_of_service": "internal"},
        {"among": ["100001", "100002"], "search": "10000", "user": "of-100001"},
    ],
    ids=str,
)
async def test_a_page_with_a_filter_reads_no_table_or_index_as_a_whole(
    wanted: dict[str, Any],
) -> None:
    steps = await steps_of(lambda: read_page(ExtensionFilter(**wanted), 1, 50, 1000))
    assert [step for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step] == []
    few = {"user", "search", "among"} & wanted.keys()
    assert few or not [step for step in steps if "TEMP B-TREE" in step]
    # Where few are left, it is they that are read: not all that have the type or class, nor each
    # number with each id.
    wide = ("device_type=?", "class_of_service_id=?", "number=? AND rowid=?")
    assert not (few and [step for step in steps if any(condition in step for condition in wide)])


@pytest.mark.sqlite
@pytest.mark.usefixtures("_some")
@pytest.mark.parametrize("sort", extension_list.SORTS)
@pytest.mark.parametrize("text", ["n", "Person"])
async def test_what_very_many_contain_is_looked_for_in_an_index_in_any_order(
    sort: extension_list.Sort, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extension_list, "LISTED", 10)
    wanted = ExtensionFilter(search=text, sort=sort)
    steps = await steps_of(lambda: read_page(wanted, 1, 5, 20))
    walks = [step for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step]
    by_row = sort in {"device_type", "class_of_service"}
    assert walks
    assert by_row or all(step.startswith(ALONG) for step in walks)


@pytest.mark.sqlite
@pytest.mark.usefixtures("_some")
async def test_what_is_shown_of_people_and_groups_reads_no_table_as_a_whole(
    extensions: Extensions, users: Users
) -> None:
    async def asked() -> None:
        await extensions.phone_groups()
        await extensions.get("100001")
        await extensions.owned_by("of-100001")
        await extensions_of([row.id for row in await User.filter(login="of-100001")])
        await users.get("of-100001")

    steps = await steps_of(asked)
    assert [step for step in steps if step.startswith("SCAN")] == []


async def test_a_value_that_is_longer_than_its_column_matches_nothing(database: str) -> None:
    await populate(1)
    for wanted in ({"user": "u" * 65}, {"class_of_service": "c" * 31}, {"device_type": "d" * 13}):
        for name, value in wanted.items():
            fits = ExtensionFilter(**{name: value[1:]})  # type: ignore[arg-type]
            too_long = ExtensionFilter(**{name: value})  # type: ignore[arg-type]
            for each in (fits, too_long):
                assert (await read_page(each, 1, 50)).total == 0, name
                assert await read_numbers(each, 50) == [], name


async def test_a_user_with_more_extensions_than_are_listed_has_them_all(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extension_list, "LISTED", 20)
    await populate(COUNT)
    user = await User.create(login="ada", password_hash="")
    connection = Tortoise.get_connection("default")
    columns = "portal_extension_users (extension_id, user_id)"
    link = f"INSERT INTO {columns} SELECT id, {user.id} FROM"
    await connection.execute_query(f"{link} portal_extensions LIMIT 20")
    assert (await read_page(ExtensionFilter(user="ada"), 1, 50)).total == 20
    rest = "portal_extensions WHERE id NOT IN (SELECT extension_id FROM portal_extension_users)"
    await connection.execute_query(f"{link} {rest}")
    for device_type, total in (("", COUNT), ("SIP", COUNT), ("IAX2", 0)):
        wanted = ExtensionFilter(user="ada", device_type=device_type)
        assert (await read_page(wanted, 1, 50)).total == total
    assert await read_numbers(ExtensionFilter(user="eve"), 50) == []


async def test_a_letter_with_an_accent_is_found_in_any_case_however_many_have_it(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await populate(COUNT)
    await Extension.all().update(caller_id_name="Özgür Ünal")
    for listed in (COUNT, 10):
        monkeypatch.setattr(extension_list, "LISTED", listed)
        for text in ("ünal", "Ünal", "ÜNAL", "özgür ünal", "ö", "Ü", "ÜN"):
            assert (await read_page(ExtensionFilter(search=text), 1, 50)).total == COUNT, text
        assert (await read_page(ExtensionFilter(search="unal"), 1, 50)).total == 0
