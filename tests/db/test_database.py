"""The schema: migrated from nothing it is what the models say, and safe to share with Asterisk."""

import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations

from pbxbridge.events import EventBus
from pbxbridge.models.database import migrate, open_database, tortoise_config
from pbxbridge.models.extension import Extension, LicenceUse
from pbxbridge.models.people import Role, User
from pbxbridge.services.licences import count_licences
from tests.rig.extensions import extensions_on

FIRST_RELEASE = """
INSERT INTO portal_classes_of_service (name, description) VALUES ('internal', '');
INSERT INTO portal_extensions (number, device_type, caller_id_name, class_of_service_id, monitored,
    voicemail, voicemail_email, forward_all, created_at, updated_at)
VALUES ('0100', 'SIP', 'Alice', 'internal', 1, 0, '', '', '2026-01-01 00:00:00+00:00',
    '2026-01-01 00:00:00+00:00');
INSERT INTO portal_users (login, password_hash, must_change_password, created_at)
VALUES ('Root', '', 0, '2026-01-01 00:00:00+00:00');
"""


def schema(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """Columns and uniqueness of every table, index names aside."""
    with sqlite3.connect(path) as connection:
        tables = [
            name
            for (name,) in connection.execute("select name from sqlite_master where type='table'")
            # The search index is made at every start, not by a migration (extension_search.py).
            if not re.match("sqlite_|tortoise_|portal_extension_search", name)
        ]
        found = {}
        for table in tables:
            facts: set[tuple[object, ...]] = {
                ("column", *row[1:4]) for row in connection.execute(f"pragma table_info({table})")
            }
            for index in connection.execute(f"pragma index_list({table})").fetchall():
                columns = connection.execute(f"pragma index_info({index[1]})").fetchall()
                facts.add(("index", index[2], tuple(column[2] for column in columns)))
            found[table] = facts
    connection.close()
    return found


async def test_migrations_make_exactly_the_tables_columns_and_indexes_of_the_models(
    migrated_file: Path, tmp_path: Path
) -> None:
    generated = tmp_path / "generated.sqlite3"
    await Tortoise.init(config=tortoise_config(f"sqlite://{generated}"))
    await Tortoise.generate_schemas()
    await Tortoise.close_connections()
    expected = schema(generated)
    # Tortoise can declare no index of a table that has no model.
    expected["portal_extension_users"].add(("index", 0, ("user_id",)))
    assert schema(migrated_file) == expected


async def test_data_of_the_first_release_is_kept_and_completed(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    url = f"sqlite://{path}"
    for app in ("portal", "realtime"):
        await run_migrations(
            config=tortoise_config(url), app_labels=[app], target=f"{app}.0001_initial"
        )
    await Tortoise.close_connections()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(FIRST_RELEASE)
    await migrate(url)
    async with open_database(url):
        await count_licences()
        (view,) = (await extensions_on(EventBus()).page()).items
        assert (view.number, view.device_type, view.version, view.dids) == ("0100", "SIP", 1, [])
        assert (await Extension.get(number="0100")).sort_key == "040100"
        assert (await User.get(login="root")).role == Role.ADMIN
        assert (await LicenceUse.get()).used == 1


async def test_migrating_twice_changes_nothing(database_path: Path) -> None:
    before = schema(database_path)
    await migrate(f"sqlite://{database_path}")
    assert schema(database_path) == before


async def test_asterisks_tables_have_no_column_that_could_be_null(migrated_file: Path) -> None:
    realtime = ("ps_endpoints", "ps_auths", "ps_aors", "voicemail", "extensions", "ast_config")
    with sqlite3.connect(migrated_file) as connection:
        for table in realtime:
            for _, name, _, not_null, _, key in connection.execute(f"pragma table_info({table})"):
                assert not_null or key, f"{table}.{name} may be NULL"
    connection.close()


async def test_the_file_with_the_secrets_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pbxbridge.sqlite3"
    await migrate(f"sqlite://{path}")
    async with open_database(f"sqlite://{path}"):
        files = list(path.parent.iterdir())
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files), files


async def test_asterisk_can_read_while_a_save_is_under_way(database: Path) -> None:
    with sqlite3.connect(database) as asterisk:
        assert asterisk.execute("pragma journal_mode").fetchone() == ("wal",)
    asterisk.close()
