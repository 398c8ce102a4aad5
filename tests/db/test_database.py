"""The schema: migrated from nothing it is what the models say, and safe to share with Asterisk."""

import re
import sqlite3
import stat
from pathlib import Path

from tortoise import Tortoise

from pbxbridge.models.database import migrate, open_database, tortoise_config


def schema(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """Columns and uniqueness of every table, index names aside."""
    with sqlite3.connect(path) as connection:
        tables = [
            name
            for (name,) in connection.execute("select name from sqlite_master where type='table'")
            if not re.match("sqlite_|tortoise_", name)
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
    assert schema(migrated_file) == schema(generated)


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
