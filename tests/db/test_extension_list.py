"""One page of many: what is searched, how far it is counted, which numbers match."""

from collections.abc import AsyncIterator, Collection

import pytest
from tortoise import Tortoise

from benchmarks.population import numbers, populate
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_list import LISTED, ExtensionFilter, read_numbers, read_page
from pbxbridge.services.extension_search import ensure_search_index, ids_with
from pbxbridge.services.extensions import Extensions
from tests.db.statements import statements
from tests.rig.databases import Engine
from tests.web.forms import add

MANY = LISTED + 250


@pytest.fixture
async def many(database: str) -> AsyncIterator[range]:
    """More extensions than are listed to the database; every tenth is called Ten."""
    await populate(MANY)
    tens = [str(number) for number in numbers(MANY) if number % 10 == 0]
    for first in range(0, len(tens), 100):
        some = tens[first : first + 100]
        await Extension.filter(number__in=some).update(caller_id_name="Ten")
    yield numbers(MANY)


async def shown(
    wanted: ExtensionFilter, page: int, per_page: int, most: int | None = None
) -> tuple[list[str], int, int, int, bool]:
    found = await read_page(wanted, page, per_page, most)
    listed = [item.number for item in found.items]
    return listed, found.total, found.page, found.pages, found.is_capped


async def found_by(text: str) -> list[str]:
    page = await read_page(ExtensionFilter(search=text), 1, 50)
    return [item.number for item in page.items]


async def test_a_search_finds_a_part_of_a_number_or_name_in_any_case(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", caller_id_name="Ada Lovelace")
    await add(extensions, admin, "1002", caller_id_name="Ünal 100%")
    await add(extensions, admin, "21001", caller_id_name="O'Neill")
    for text, expected in {
        "LOVE": ["1001"],
        "001": ["1001", "21001"],
        "a l": ["1001"],
        "ünal": ["1002"],
        "00%": ["1002"],
        "%": ["1002"],
        "_": [],
        "o'n": ["21001"],
        'o"n': [],
        "ada AND 1001": [],
        "da": ["1001"],
        "l\0ve": [],
    }.items():
        assert await found_by(text) == expected, text


async def test_one_or_two_characters_are_found_wherever_they_stand_on_sqlite_by_the_index(
    extensions: Extensions, admin: Actor, engine: Engine
) -> None:
    names = {"1001": "Quill", "1002": "Jacqui", "2003": "Le Qu", "3": "Q", "4004": "Ü'n"}
    for number, name in names.items():
        await add(extensions, admin, number, caller_id_name=name)
    numbers = dict(await Extension.all().values_list("id", "number"))
    for text, expected in {
        "qu": ["1001", "1002", "2003"],
        "Q": ["1001", "1002", "2003", "3"],
        "u": ["1001", "1002", "2003"],
        "ü": ["4004"],
        "'": ["4004"],
        "'N": ["4004"],
        '"': [],
        "3": ["2003", "3"],
        "e ": ["2003"],
        "00": ["1001", "1002", "2003", "4004"],
        "zz": [],
        "\x1f": [],
    }.items():
        found = await ids_with(text, 10)
        if engine == "sqlite":
            assert sorted(numbers[id_] for id_ in found or []) == expected, text
            assert found is not None or text == "\x1f"
        assert await found_by(text) == sorted(expected, key=lambda one: (len(one), one)), text
    assert await ids_with("qu", 2) is None
    await extensions.update(admin, "2003", {"caller_id_name": "Le Duc"})
    assert await found_by("qu") == ["1001", "1002"]


@pytest.mark.sqlite
async def test_an_index_that_another_version_made_is_made_anew(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", caller_id_name="Ada")
    connection = Tortoise.get_connection("default")
    for sql in (
        "DROP TABLE portal_extension_search_groups",
        *(f"DROP TRIGGER portal_extension_search_{e}" for e in ("insert", "update", "delete")),
        "DROP TABLE portal_extension_search",
        "CREATE VIRTUAL TABLE portal_extension_search USING fts5(number, caller_id_name, "
        "content='portal_extensions', content_rowid='id', tokenize='trigram')",
        "CREATE TRIGGER portal_extension_search_insert AFTER INSERT ON portal_extensions BEGIN "
        "INSERT INTO portal_extension_search(rowid, number, caller_id_name) "
        "VALUES (new.id, new.number, new.caller_id_name); END",
        "INSERT INTO portal_extension_search(portal_extension_search) VALUES ('rebuild')",
    ):
        await connection.execute_query(sql)
    assert len(await ids_with("ada", 10) or []) == 1
    await ensure_search_index()
    assert len(await ids_with("da", 10) or []) == 1
    async with statements() as seen:
        await ensure_search_index()
    assert not [each for each in seen if "DROP" in each]


async def test_the_index_follows_every_change(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001", caller_id_name="Ada")
    await extensions.update(admin, "1001", {"caller_id_name": "Grace"})
    assert await ids_with("ada", 10) == []
    assert len(await ids_with("grace", 10) or []) == 1
    await extensions.delete(admin, "1001")
    assert await ids_with("grace", 10) == []


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "gone", ["TABLE portal_extension_search", "TRIGGER portal_extension_search_insert"]
)
async def test_what_is_missing_of_the_index_is_made_and_filled_again(
    extensions: Extensions, admin: Actor, gone: str
) -> None:
    connection = Tortoise.get_connection("default")
    if gone.startswith("TABLE"):
        for event in ("insert", "update", "delete"):
            await connection.execute_query(f"DROP TRIGGER portal_extension_search_{event}")
    await connection.execute_query(f"DROP {gone}")
    await add(extensions, admin, "1001", caller_id_name="Ada")
    if gone.startswith("TABLE"):
        assert await ids_with("ada", 10) is None
        assert await found_by("ada") == ["1001"]
    await ensure_search_index()
    assert len(await ids_with("ada", 10) or []) == 1


async def test_matches_beyond_the_cap_are_not_counted(many: range) -> None:
    person = ExtensionFilter(search="Person")
    assert (await shown(person, 1, 2, 1000))[1:] == (1000, 1, 2, True)
    numbers, total, page, pages, is_capped = await shown(person, 540, 2, 1000)
    assert (total, page, pages, is_capped) == (1000, 540, 541, True)
    assert len(numbers) == 2
    exact = MANY - MANY // 10
    assert (await shown(person, 1, 2))[1:] == (exact, 1, exact // 2 + exact % 2, False)
    last = -(-exact // 50)
    assert (await shown(person, 999, 50, 1000))[1:] == (exact, last, last, False)
    assert (await shown(ExtensionFilter(), 1, 50, 1000))[1] == MANY
    assert (await shown(ExtensionFilter(search="ten"), 9, 20, 1000))[1:] == (
        MANY // 10,
        7,
        7,
        False,
    )


@pytest.mark.parametrize("most", [None, 1000])
@pytest.mark.parametrize("descending", [False, True])
async def test_a_long_list_of_numbers_leaves_out_the_others(
    many: range, most: int | None, descending: bool
) -> None:
    among = {str(number) for number in many if number % 7}
    order = sorted(among, reverse=descending)
    wanted = ExtensionFilter(among=among, descending=descending)
    pages = -(-len(order) // 50)
    assert await shown(wanted, 1, 50, most) == (order[:50], len(order), 1, pages, False)
    assert (await shown(wanted, 3, 50, most))[0] == order[100:150]
    last = await shown(wanted, 999, 50, most)
    assert last == (order[(pages - 1) * 50 :], len(order), pages, pages, False)


async def test_a_long_list_of_numbers_and_a_filter_are_counted_as_far_as_needed(
    many: range,
) -> None:
    among: Collection[str] = {str(number) for number in many if number != many[10]}
    wanted = ExtensionFilter(among=among, search="Ten")
    tens = [str(number) for number in many if number % 10 == 0 and number != many[10]]
    assert await shown(wanted, 1, 50) == (tens[:50], len(tens), 1, 3, False)
    both = ExtensionFilter(among=among, class_of_service="internal", device_type="SIP")
    numbers, total, page, pages, is_capped = await shown(both, 2, 50, 1000)
    assert len(numbers) == 50
    assert (page, pages, is_capped) == (2, 3, True)
    assert total >= 100


async def test_the_numbers_of_all_that_match(many: range) -> None:
    tens = [str(number) for number in many if number % 10 == 0]
    assert await read_numbers(ExtensionFilter(search="ten"), 500) == tens
    assert await read_numbers(ExtensionFilter(search="ten"), 3) == tens[:3]
    among = {str(number) for number in many if number % 2 == 0}
    assert await read_numbers(ExtensionFilter(among=among), 4) == sorted(among)[:4]
    few = set(tens[:5])
    assert await read_numbers(ExtensionFilter(among=few), 500) == tens[:5]
