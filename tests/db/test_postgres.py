"""PostgreSQL as the bridge's database: it goes and comes back, it is shared, it has a locale."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from urllib.parse import quote

import asyncpg
import pytest
from tortoise.exceptions import DBConnectionError, OperationalError

from pbxbridge.models import postgres
from pbxbridge.models.database import open_database, write_transaction
from pbxbridge.models.extension import Extension, LicenceUse
from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services import keep_trying
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_list import ExtensionFilter, read_page
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.keep_trying import until_stored
from tests.db.counting import count
from tests.eventually import eventually
from tests.rig.databases import Databases, make_ready
from tests.rig.postgres import PostgresServer
from tests.web.forms import add

AWAY = (OperationalError, DBConnectionError)
# Everything that a URL must encode.
PASSWORD = "p@ss/w:rd%?#[]& +"


pytestmark = pytest.mark.postgres


@pytest.fixture
async def server(databases: Databases) -> AsyncIterator[PostgresServer]:
    """The PostgreSQL of the test's database, which runs again afterwards."""
    server = await databases.server()
    yield server
    await server.stop()
    await server.start()


async def used() -> int:
    return (await LicenceUse.get(licence="extensions")).used


async def test_reads_and_writes_fail_while_the_server_is_away_and_work_again_afterwards(
    server: PostgresServer, database: str
) -> None:
    await asyncio.gather(*(used() for _ in range(5)))
    await server.stop()
    for _ in range(2 * postgres.CONNECTIONS):
        with pytest.raises(AWAY):
            await used()
        with pytest.raises(AWAY):
            await count(1)
    await server.start()
    await count(3)
    assert await asyncio.gather(*(used() for _ in range(20))) == [3] * 20


async def test_what_must_be_stored_is_stored_once_the_server_is_back(
    server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_trying, "DATABASE_RETRY_SECONDS", 0.01)
    failed = 0

    async def stored() -> None:
        nonlocal failed
        failed += 1
        await count(1)

    await server.stop()
    storing = asyncio.create_task(until_stored(stored), name="storing")
    await eventually(lambda: failed > 3)
    await server.start()
    await asyncio.wait_for(storing, 10)
    assert await used() == 1


async def test_a_transaction_that_the_server_did_not_survive_leaves_nothing(
    server: PostgresServer, database: str
) -> None:
    with pytest.raises(AWAY):
        async with write_transaction():
            await LicenceUse.all().update(used=7)
            await server.crash()
    await server.start()
    assert await used() == 0
    await count(1)
    assert await used() == 1


async def test_two_bridges_that_read_and_then_write_take_turns(database: str) -> None:
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.db.counting", database, "100"
    )
    mine = 0
    while other.returncode is None:
        await asyncio.gather(*(count(1) for _ in range(5)))
        mine += 5
    assert other.returncode == 0
    assert await used() == mine + 100


async def test_who_waits_for_a_turn_keeps_no_reader_waiting_and_gives_up_at_last(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await asyncpg.connect(**postgres.connect_arguments(database))
    async with other.transaction():
        await other.execute(postgres.TAKE_TURN)
        waiting = [
            asyncio.create_task(count(1), name="waiting") for _ in range(3 * postgres.CONNECTIONS)
        ]
        assert await asyncio.wait_for(used(), 5) == 0
        assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)
    assert await used() == len(waiting)

    monkeypatch.setitem(postgres.SERVER_SETTINGS, "lock_timeout", "50ms")
    async with other.transaction():
        await other.execute(postgres.TAKE_TURN)
        async with open_database(database):
            with pytest.raises(OperationalError, match="lock timeout"):
                await count(1)
    await other.close()


async def test_a_pin_that_is_changed_by_phone_during_a_save_is_kept(
    database: str, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail="yes", voicemail_pin="246810")
    asterisk = await asyncpg.connect(**postgres.connect_arguments(database))
    async with asterisk.transaction():
        await asterisk.execute("UPDATE voicemail SET password = '135791'")
        save = asyncio.create_task(
            extensions.update(admin, "1001", {"caller_id_name": "Ada"}), name="save"
        )
        await asyncio.wait([save], timeout=0.2)
        assert not save.done()
    await save
    await asterisk.close()
    assert (await VoicemailBox.get()).password == "135791"
    assert (await Extension.get()).caller_id_name == "Ada"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
async def test_any_password_may_be_in_the_url(
    databases: Databases, server: PostgresServer, scheme: str
) -> None:
    owner = await asyncpg.connect(server.url())
    await owner.execute(f"CREATE ROLE \"{scheme} portal\" LOGIN PASSWORD '{PASSWORD}'")
    await owner.close()
    where = server.url("postgres").rpartition("@")[2]
    user, password = quote(f"{scheme} portal"), quote(PASSWORD, safe="")
    async with (
        open_database(f"{scheme}://{user}:{password}@{where}"),
        write_transaction() as transaction,
    ):
        [row] = await transaction.execute_query_dict("SELECT current_user AS name")
    assert row["name"] == f"{scheme} portal"


async def test_a_wrong_password_is_said_and_not_shown(server: PostgresServer) -> None:
    url = server.url().replace(server.password, "not-the-password")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pbxbridge", "migrate"),
        env={"PBXBRIDGE_DATABASE__URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 1
    assert b"password authentication failed" in said
    assert b"not-the-password" not in said


async def test_bridges_that_start_together_migrate_one_after_the_other(
    databases: Databases,
) -> None:
    async with databases.empty("postgres") as url:
        both = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pbxbridge", "migrate"),
                env={"PBXBRIDGE_DATABASE__URL": url},
                stdout=asyncio.subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        assert [await process.wait() for process in both] == [0, 0]


async def test_names_are_sorted_and_found_alike_whatever_the_servers_locale(
    databases: Databases, server: PostgresServer, extensions: Extensions, admin: Actor
) -> None:
    names = {"1001": "ada", "1002": "Bob", "1003": "Élan", "1004": "zoe", "1005": "Zoe"}
    in_order = ["1002", "1005", "1001", "1004", "1003"]

    async def is_as_ever() -> None:
        for number, name in names.items():
            await add(extensions, admin, number, caller_id_name=name)
        page = await read_page(ExtensionFilter(sort="caller_id_name"), 1, 50)
        assert [item.number for item in page.items] == in_order
        for text, expected in {"éLA": ["1003"], "É": ["1003"], "ZOE": ["1004", "1005"]}.items():
            found = await read_page(ExtensionFilter(search=text), 1, 50)
            assert [item.number for item in found.items] == expected, text

    await is_as_ever()
    owner = await asyncpg.connect(server.url())
    if owner.get_server_version() < (15,):
        await owner.close()
        pytest.skip("PostgreSQL 15 was the first in which a database may have a locale of ICU")
    await owner.execute(
        "CREATE DATABASE english TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
    )
    await owner.close()
    await make_ready(server.url("english"))
    async with open_database(server.url("english")):
        await is_as_ever()
