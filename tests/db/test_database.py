"""The schema: migrated from nothing it is what the models say, and safe to share with Asterisk."""

import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from pydantic import SecretStr
from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations

from pbxbridge.events import EventBus
from pbxbridge.models.database import migrate, open_database, tortoise_config
from pbxbridge.models.extension import Extension, LicenceUse
from pbxbridge.models.people import Role, User
from pbxbridge.models.realtime import DialplanRow, PsAuth, PsEndpoint, VoicemailBox
from pbxbridge.service import prepare
from pbxbridge.services.calling.upgrade import write_what_calls_use_now
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.licences import count_licences
from pbxbridge.settings import DatabaseSettings, Settings
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
    realtime = (
        *("ps_endpoints", "ps_auths", "ps_aors", "ps_registrations", "ps_endpoint_id_ips"),
        *("voicemail", "extensions", "ast_config", "iaxfriends"),
    )
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


SECOND_RELEASE = """
INSERT INTO portal_classes_of_service (name, description) VALUES ('internal', '');
INSERT INTO portal_extensions (number, sort_key, device_type, caller_id_name,
    class_of_service_id, monitored, voicemail, voicemail_email, forward_all, twinning_number,
    external_caller_id, emergency_caller_id, phone_group, created_at, updated_at)
VALUES ('0100', '040100', 'SIP', 'Alice', 'internal', 1, 1, '', '', '+491700000', '+4930100',
    '+4930199', 'Sales', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00'),
    ('0101', '040101', 'SIP', 'Bob', 'internal', 1, 0, '', '', '', '', '', '',
    '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00');
INSERT INTO portal_dids (number, extension_id) SELECT '+4930100', id FROM portal_extensions
    WHERE number = '0100';
INSERT INTO ps_endpoints (id, aors, auth, context, disallow, allow, direct_media, dtmf_mode,
    force_rport, rewrite_contact, rtp_symmetric, callerid, mailboxes)
VALUES ('0100', '0100', '0100', 'cos-internal', 'all', 'ulaw,alaw,g722', 'no', 'rfc4733', 'yes',
    'yes', 'yes', '"Alice" <0100>', '0100@default');
INSERT INTO ps_aors (id, max_contacts, remove_existing, qualify_frequency)
VALUES ('0100', 1, 'yes', 60);
INSERT INTO ps_auths (id, auth_type, username, password)
VALUES ('0100', 'userpass', '0100', 'the-secret-of-alice');
INSERT INTO voicemail (context, mailbox, password, fullname)
VALUES ('default', '0100', '4711', 'Alice');
INSERT INTO extensions (context, exten, priority, app, appdata)
VALUES ('extensions', '0100', 1, 'Gosub',
    'sub-extension,s,1(PJSIP/0100,0100@default,20,,internal)');
"""


async def test_what_the_last_release_kept_is_handed_to_asterisk_once(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    url = f"sqlite://{path}"
    for app, last in (("portal", "0003_indexes"), ("realtime", "0003_iax2_configuration")):
        await run_migrations(config=tortoise_config(url), app_labels=[app], target=f"{app}.{last}")
    await Tortoise.close_connections()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SECOND_RELEASE)
    await prepare(Settings(database=DatabaseSettings(url=SecretStr(url))))
    async with open_database(url):
        did = await DialplanRow.get(context="did")
        assert (did.exten, did.app, did.appdata) == ("+4930100", "Goto", "extensions,0100,1")
        row = await DialplanRow.get(context="extensions", exten="0100")
        twinned = "PJSIP/0100,0100@default,20,,internal,,,,,+491700000,+4930100"
        assert row.appdata == f"sub-extension,s,1({twinned})"
        endpoint = await PsEndpoint.get(id="0100")
        assert (endpoint.set_var, endpoint.named_call_group, endpoint.named_pickup_group) == (
            "CALLER_IDS=+4930100:+4930199",
            "Sales",
            "Sales",
        )
        assert (await PsAuth.get(id="0100")).password == "the-secret-of-alice"
        assert (await VoicemailBox.get(mailbox="0100")).password == "4711"
        assert not await PsEndpoint.filter(id="0101").exists()
        # Once: what somebody takes out afterwards stays out.
        await did.delete()
        await write_what_calls_use_now(SiteDefaults(60, 20))
        assert not await DialplanRow.filter(context="did").exists()
