"""`pbxbridge check` names everything that the tables lack."""

from __future__ import annotations

from tortoise import Tortoise

from pbxbridge.check_schema import schema_results


async def lacking(app: str) -> list[str]:
    return [each.detail for each in await schema_results(app, app) if not each.ok]


async def test_a_migrated_database_lacks_nothing(database: str) -> None:
    assert [await lacking(app) for app in ("portal", "realtime")] == [[], []]


async def test_every_missing_table_and_column_is_named(database: str) -> None:
    for statement in (
        "DROP TABLE portal_extension_users",
        "DROP TABLE portal_dids",
        "DROP TABLE portal_queue_agents",
        "ALTER TABLE portal_queues DROP COLUMN service_level",
        "ALTER TABLE portal_extensions DROP COLUMN phone_make",
        "ALTER TABLE portal_extensions DROP COLUMN phone_model",
        "DROP VIEW iaxfriends_conf",
        "ALTER TABLE ps_endpoints DROP COLUMN set_var",
        "DROP TABLE queue_log",
        "ALTER TABLE queue_members DROP COLUMN reason_paused",
        "ALTER TABLE ps_aors ADD COLUMN site INT NOT NULL DEFAULT 1",
    ):
        await Tortoise.get_connection("default").execute_script(statement)
    assert await lacking("portal") == [
        "The table `portal_dids` is not there.",
        "The table `portal_extension_users` is not there.",
        "`portal_extensions` has no column `phone_make`.",
        "`portal_extensions` has no column `phone_model`.",
        "The table `portal_queue_agents` is not there.",
        "`portal_queues` has no column `service_level`.",
    ]
    assert await lacking("realtime") == [
        "The table `iaxfriends_conf` is not there.",
        "`ps_endpoints` has no column `set_var`.",
        "The table `queue_log` is not there.",
        "`queue_members` has no column `reason_paused`.",
    ]
