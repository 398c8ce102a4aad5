"""A PostgreSQL whose tables Asterisk's own alembic scripts made: adopted, and left as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from pbxbridge.check_schema import schema_results
from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.database import migrate, open_database
from pbxbridge.models.realtime import DialplanRow, PsEndpoint, VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.licences import count_licences
from tests.rig.asterisk_schema import asterisk_tables, create_asterisk_tables
from tests.rig.databases import Databases, forget_statements
from tests.rig.extensions import delete_knowingly, extensions_on
from tests.rig.postgres import PostgresServer

numbers = count()
# As somebody makes them by hand who fills in no more than is needed.
BY_HAND = """
INSERT INTO ps_aors (id, max_contacts) VALUES ('6001', 5), ('6002', NULL);
INSERT INTO ps_auths (id, auth_type, username, password)
    VALUES ('6001', 'userpass', '6001', 'by-hand'), ('6002', NULL, NULL, NULL);
INSERT INTO ps_endpoints (id, aors, auth, context) VALUES ('6001', '6001', '6001', 'office');
INSERT INTO ps_endpoints (id) VALUES ('6002');
INSERT INTO ps_endpoint_id_ips (id, endpoint, match) VALUES ('6009', '6009', NULL);
INSERT INTO ps_registrations (id) VALUES ('6009');
INSERT INTO voicemail (context, mailbox, password) VALUES ('default', '6003', '1234');
INSERT INTO voicemail (context, mailbox, password) VALUES ('default', '6003', '1234');
INSERT INTO extensions (context, exten, priority, app, appdata)
    VALUES ('office', '6001', 1, 'Dial', 'PJSIP/6001');
INSERT INTO iaxfriends (name, type, secret) VALUES ('6004', 'friend', 'by-hand');
INSERT INTO iaxfriends (name) VALUES ('6005');
"""
TABLES = [name for name in asterisk_tables() if name != "ps_contacts"]
COLUMNS = """
SELECT table_name, column_name, data_type, udt_name, character_maximum_length, is_nullable,
    column_default
FROM information_schema.columns WHERE table_name = ANY($1) ORDER BY 1, ordinal_position
"""
KEYS = """
SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid::regclass::text = ANY($1) ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
async def templates(databases: Databases) -> list[str]:
    """Two databases to copy: as Asterisk's scripts and somebody's hands left it, and migrated."""
    server = await databases.server()
    left, migrated = names = ["asterisks", "asterisks-migrated"]
    await server.create_database(left)
    await create_asterisk_tables(server.url(left))
    await execute(server.url(left), BY_HAND)
    await server.create_database(migrated, left)
    forget_statements()
    await migrate(server.url(migrated))
    async with open_database(server.url(migrated)):
        await ensure_built_in()
        await count_licences()
    return names


@pytest.fixture
async def asterisks(databases: Databases, templates: list[str]) -> AsyncIterator[str]:
    """A database that the bridge never saw; gives its URL."""
    async with copied(await databases.server(), templates[0]) as url:
        yield url


@pytest.fixture
async def migrated(databases: Databases, templates: list[str]) -> AsyncIterator[str]:
    """One that the bridge adopted."""
    async with copied(await databases.server(), templates[1]) as url:
        yield url


@pytest.fixture
async def adopted(migrated: str) -> AsyncIterator[str]:
    """The same, open."""
    forget_statements()
    async with open_database(migrated):
        yield migrated


@asynccontextmanager
async def copied(server: PostgresServer, template: str) -> AsyncIterator[str]:
    name = f"asterisks-{next(numbers)}"
    await server.create_database(name, template)
    try:
        yield server.url(name)
    finally:
        await server.drop_database(name)


async def execute(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def rows_of(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def everything(url: str) -> list[list[tuple[Any, ...]]]:
    """Columns and keys of the tables, and all their rows."""
    return [
        await rows_of(url, COLUMNS, TABLES),
        await rows_of(url, KEYS, TABLES),
        *[await rows_of(url, f"TABLE {table} ORDER BY 1") for table in TABLES],
    ]


async def test_what_is_there_stays_and_what_is_missing_is_made(asterisks: str) -> None:
    before = await everything(asterisks)
    await migrate(asterisks)
    assert await everything(asterisks) == before
    assert await rows_of(asterisks, "SELECT count(*) FROM ast_config") == [(0,)]
    async with open_database(asterisks):
        for app in ("portal", "realtime"):
            assert [result.ok for result in await schema_results(app, app)] == [True]
    found = await rows_of(asterisks, "SELECT indexdef FROM pg_indexes WHERE tablename='voicemail'")
    assert any("(context, mailbox)" in line and "UNIQUE" not in line for (line,) in found)
    await migrate(asterisks)
    assert await everything(asterisks) == before


async def test_a_column_that_is_missing_is_added_and_says_nothing_of_rows_of_others(
    asterisks: str,
) -> None:
    await execute(
        asterisks,
        "ALTER TABLE ps_endpoints DROP COLUMN set_var; ALTER TABLE ps_aors DROP COLUMN contact;"
        "ALTER TABLE voicemail DROP COLUMN fullname",
    )
    await migrate(asterisks)
    added = "SELECT set_var, contact, fullname FROM ps_endpoints JOIN ps_aors USING (id), voicemail"
    assert set(await rows_of(asterisks, added)) == {(None, None, None)}


async def test_lines_for_chan_iax2_are_those_of_columns_that_are_filled(adopted: str) -> None:
    lines = "SELECT category, var_name, var_val FROM iaxfriends_conf ORDER BY 1, var_metric"
    every = await rows_of(adopted, lines)
    assert [line[1:] for line in every if line[0] == "6004"] == [
        ("type", "friend"),
        ("secret", "by-hand"),
        ("qualifyfreqok", "10000"),
        ("qualifyfreqnotok", "10000"),
    ]


async def test_an_extension_lives_beside_rows_of_others(
    adopted: str, admin: Actor, bus: EventBus
) -> None:
    before = await everything(adopted)
    extensions = extensions_on(bus)
    fields: dict[str, Any] = {"number": "1001", "caller_id_name": "Zoë; ^41", "voicemail": True}
    await extensions.create(admin, parse_extension({**fields, "voicemail_pin": "8642"}))
    # An ODBC driver of Asterisk's takes values apart at `;`, and reads these.
    assert (await PsEndpoint.get(id="1001")).callerid == '"Zoë^3B ^5E41" <1001>'
    assert (await VoicemailBox.get(mailbox="1001")).fullname == "Zoë^3B ^5E41"
    # What somebody adds to a row stays there over a save.
    await execute(adopted, "UPDATE ps_endpoints SET language = 'de' WHERE id = '1001'")
    await extensions.update(admin, "1001", {"caller_id_name": "Alice"})
    found = "SELECT callerid, language, transport FROM ps_endpoints WHERE id = '1001'"
    assert await rows_of(adopted, found) == [('"Alice" <1001>', "de", None)]
    await extensions.create(
        admin, parse_extension({"number": "2001", "caller_id_name": "A; b", "device_type": "IAX2"})
    )
    line = "SELECT var_val FROM iaxfriends_conf WHERE category = '2001' AND var_name = $1"
    assert await rows_of(adopted, line, "callerid") == [('"A; b" <2001>',)]
    assert await rows_of(adopted, line, "type") == [("friend",)]
    for number in ("1001", "2001"):
        await delete_knowingly(extensions, admin, number)
    assert await everything(adopted) == before


@pytest.mark.parametrize("number", ["6001", "6002", "6003", "6004"])
async def test_a_number_that_others_gave_out_is_refused(
    adopted: str, admin: Actor, bus: EventBus, number: str
) -> None:
    before = await everything(adopted)
    fields: dict[str, Any] = {"number": number, "caller_id_name": "Another"}
    if number == "6003":
        fields |= {"voicemail": True, "voicemail_pin": "8642"}
    if number == "6004":
        fields |= {"device_type": "IAX2"}
    with pytest.raises(Invalid) as refused:
        await extensions_on(bus).create(admin, parse_extension(fields))
    assert "not made here" in refused.value.fields["number"]
    assert await everything(adopted) == before


async def test_a_secret_that_somebody_took_out_is_none(
    adopted: str, admin: Actor, bus: EventBus
) -> None:
    extensions = extensions_on(bus)
    await extensions.create(
        admin, parse_extension({"number": "1001", "caller_id_name": "Alice", "secret": "secret-88"})
    )
    await execute(adopted, "UPDATE ps_auths SET password = NULL WHERE id = '1001'")
    assert await extensions.secret(admin, "1001") == ""
    await extensions.update(admin, "1001", {"secret": "secret-99"})
    assert await extensions.secret(admin, "1001") == "secret-99"
    assert await DialplanRow.filter(context="extensions", exten="1001").count() == 1


async def test_check_names_all_that_is_missing_and_not_the_first(adopted: str) -> None:
    await execute(
        adopted,
        """
        DROP TABLE ps_registrations;
        DROP VIEW iaxfriends_conf;
        ALTER TABLE ps_aors DROP COLUMN contact, DROP COLUMN qualify_frequency;
        ALTER TABLE extensions ALTER COLUMN appdata TYPE varchar(128);
        TRUNCATE voicemail;
        ALTER TABLE voicemail ADD COLUMN site int NOT NULL;
        CREATE TYPE old_dtmf AS ENUM ('inband', 'info');
        ALTER TABLE ps_endpoints ALTER COLUMN dtmf_mode TYPE old_dtmf USING NULL;
        """,
    )
    results = await schema_results("realtime tables", "realtime")
    said = {result.detail: result.remedy for result in results}
    assert {result.ok for result in results} == {False}
    assert list(said) == [
        "`extensions.appdata` holds 128 characters, 256 are needed.",
        "The table `iaxfriends_conf` is not there.",
        "`ps_aors` has no column `qualify_frequency`.",
        "`ps_aors` has no column `contact`.",
        "`ps_endpoints.dtmf_mode` takes no `rfc4733`.",
        "The table `ps_registrations` is not there.",
        "`voicemail.site` must have a value, and the bridge gives it none.",
    ]
    assert "ALTER COLUMN appdata TYPE varchar(256)" in " ".join(said.values())
    assert "ALTER TYPE old_dtmf ADD VALUE 'rfc4733'" in " ".join(said.values())


async def test_check_tells_of_tables_that_are_not_ours_to_write(migrated: str) -> None:
    role, password = f"reader_{next(numbers)}", "reads-only"
    await execute(
        migrated,
        f"""
        CREATE ROLE {role} LOGIN PASSWORD '{password}';
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
        REVOKE INSERT ON ps_auths FROM {role};
        """,
    )
    parts = urlsplit(migrated)
    theirs = parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}").geturl()
    async with open_database(theirs):
        results = await schema_results("realtime tables", "realtime")
    (failure,) = [result for result in results if not result.ok]
    assert failure.detail == "The table `ps_auths` is not ours to read and write."
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON ps_auths" in failure.remedy
    await execute(migrated, f"DROP OWNED BY {role}; DROP ROLE {role}")
