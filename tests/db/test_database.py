"""The schema: migrated from nothing it is what the models say, and safe to share with Asterisk."""

import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations

from pbxbridge.events import EventBus
from pbxbridge.models.database import migrate, open_database, tortoise_config
from pbxbridge.models.extension import Extension, LicenceUse
from pbxbridge.models.outbox import MailKind, OutgoingMail
from pbxbridge.models.people import Role, User
from pbxbridge.models.realtime import DialplanRow, PsAuth, PsEndpoint, VoicemailBox
from pbxbridge.service import prepare
from pbxbridge.services.calling.upgrade import write_what_calls_use_now
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.licences import count_licences
from pbxbridge.services.voicemail.mail_storing import mailed_messages
from pbxbridge.settings import DatabaseSettings, Settings
from tests.db.schema import schema
from tests.rig.databases import Databases, Engine
from tests.rig.extensions import extensions_on

FIRST_RELEASE = """
INSERT INTO portal_classes_of_service (name, description) VALUES ('internal', '');
INSERT INTO portal_extensions (number, device_type, caller_id_name, class_of_service_id, monitored,
    voicemail, voicemail_email, forward_all, created_at, updated_at)
VALUES ('0100', 'SIP', 'Alice', 'internal', true, false, '', '', '2026-01-01 00:00:00+00:00',
    '2026-01-01 00:00:00+00:00');
INSERT INTO portal_users (login, password_hash, must_change_password, created_at)
VALUES ('Root', '', false, '2026-01-01 00:00:00+00:00');
"""


@pytest.fixture
async def empty(databases: Databases, engine: Engine) -> AsyncIterator[str]:
    """A database without a table; gives its URL."""
    async with databases.empty(engine) as url:
        yield url


async def filled_by(url: str, script: str, **last: str) -> None:
    """Migrate each app as far as its last migration, and run a script."""
    for app, name in last.items():
        await run_migrations(config=tortoise_config(url), app_labels=[app], target=f"{app}.{name}")
    await Tortoise.close_connections()
    async with open_database(url):
        await Tortoise.get_connection("default").execute_script(script)


async def test_migrations_make_exactly_the_tables_columns_and_indexes_of_the_models(
    empty: str, elsewhere: str
) -> None:
    async with open_database(empty):
        await Tortoise.generate_schemas()
        expected = await schema()
    # Tortoise can declare no index of a table that has no model, and none with a condition.
    expected["portal_extension_users"].add(("index", False, ("user_id",)))
    expected["extensions"].add(("index", False, ("context", "priority", "exten")))
    async with open_database(elsewhere):
        made = await schema()
        # Asterisk's alone, and on PostgreSQL only: its key of two columns is none for a model.
        made.pop("voicemail_messages", None)
        assert made == expected


async def test_data_of_the_first_release_is_kept_and_completed(empty: str) -> None:
    await filled_by(empty, FIRST_RELEASE, portal="0001_initial", realtime="0001_initial")
    await migrate(empty)
    async with open_database(empty):
        await count_licences()
        (view,) = (await extensions_on(EventBus()).page()).items
        assert (view.number, view.device_type, view.version, view.dids) == ("0100", "SIP", 1, [])
        assert (await Extension.get(number="0100")).sort_key == "040100"
        assert (await User.get(login="root")).role == Role.ADMIN
        assert (await LicenceUse.get(licence="extensions")).used == 1


MAILS_OF_BEFORE = """
INSERT INTO portal_outgoing_mail (dedupe_key, mailbox, recipient, message_id, state, attempts,
    next_attempt_at, last_error, created_at, message)
VALUES ('voicemail:1002@default:1772366400-00000001', '1002', 'bob@example.org', '<a@pbx>',
    'waiting', 0, '2026-01-01 00:00:00+00:00', '', '2026-01-01 00:00:00+00:00', ''),
    ('password-reset.1.ab', 'user:root', 'root@example.org', '<b@pbx>', 'waiting',
    0, '2026-01-01 00:00:00+00:00', '', '2026-01-01 00:00:00+00:00', '');
"""


async def test_mails_that_waited_before_recordings_were_stored_apart_are_known_again(
    empty: str,
) -> None:
    await filled_by(empty, MAILS_OF_BEFORE, portal="0006_history")
    await migrate(empty)
    async with open_database(empty):
        voicemail, reset = await OutgoingMail.all().order_by("id")
        assert set(await mailed_messages("1002", ["1772366400-00000001"])) == {voicemail.msg_id}
        assert (voicemail.kind, reset.kind) == (MailKind.VOICEMAIL, MailKind.PASSWORD_RESET)


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    async with open_database(database_url):
        before = await schema()
    await migrate(database_url)
    async with open_database(database_url):
        assert await schema() == before


async def test_asterisks_tables_have_no_column_that_could_be_null(database: str) -> None:
    realtime = (
        *("ps_endpoints", "ps_auths", "ps_aors", "ps_registrations", "ps_endpoint_id_ips"),
        *("voicemail", "extensions", "ast_config", "iaxfriends"),
    )
    found = await schema()
    for table in realtime:
        for kind, name, *_, needed in found[table]:
            # SQLite says so of a primary key in another place.
            is_key = name in {"id", "uniqueid"}
            assert kind == "index" or needed or is_key, f"{table}.{name} may be NULL"


async def test_a_look_for_patterns_that_finds_none_reads_no_context_as_a_whole(
    database: str, engine: Engine
) -> None:
    connection = Tortoise.get_connection("default")
    # As pbx_realtime asks through res_config_sqlite3, and through res_config_odbc.
    escape = "ESCAPE '\\'" if engine == "sqlite" else ""
    explain = "EXPLAIN QUERY PLAN" if engine == "sqlite" else "EXPLAIN"
    pattern = f"exten LIKE '\\_%' {escape}"
    steps = await connection.execute_query_dict(
        f"{explain} SELECT * FROM extensions "  # noqa: S608 as written above
        f"WHERE {pattern} AND context = 'extensions' AND priority = '1' ORDER BY exten"
    )
    assert "idx_extensions_patterns" in str([dict(step) for step in steps])


@pytest.mark.sqlite
async def test_the_file_with_the_secrets_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pbxbridge.sqlite3"
    await migrate(f"sqlite://{path}")
    async with open_database(f"sqlite://{path}"):
        files = list(path.parent.iterdir())
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files), files


@pytest.mark.sqlite
async def test_asterisk_can_read_while_a_save_is_under_way(
    database: str, database_path: Path
) -> None:
    with sqlite3.connect(database_path) as asterisk:
        assert asterisk.execute("pragma journal_mode").fetchone() == ("wal",)
    asterisk.close()


SECOND_RELEASE = """
INSERT INTO portal_classes_of_service (name, description) VALUES ('internal', '');
INSERT INTO portal_extensions (number, sort_key, device_type, caller_id_name,
    class_of_service_id, monitored, voicemail, voicemail_email, forward_all, twinning_number,
    external_caller_id, emergency_caller_id, phone_group, created_at, updated_at)
VALUES ('0100', '040100', 'SIP', 'Alice', 'internal', true, true, '', '', '+491700000', '+4930100',
    '+4930199', 'Sales', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00'),
    ('0101', '040101', 'SIP', 'Bob', 'internal', true, false, '', '', '', '', '', '',
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


async def test_what_the_last_release_kept_is_handed_to_asterisk_once(empty: str) -> None:
    last = {"portal": "0003_indexes", "realtime": "0003_iax2_configuration"}
    await filled_by(empty, SECOND_RELEASE, **last)
    await prepare(Settings(database=DatabaseSettings(url=SecretStr(empty))))
    async with open_database(empty):
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
