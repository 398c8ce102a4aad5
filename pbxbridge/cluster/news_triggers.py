"""Triggers by which PostgreSQL tells every bridge what any of them changed, as part of the commit.

So nothing is told that was rolled back, and nothing that was committed is left out, even if the
bridge that did it is killed the moment after; the command line's changes are told as well. A
message is a JSON array of the topic, who (the application_name of the connection that changed
something), what was done (INSERT, UPDATE, DELETE) and a list of one column's values in the changed
rows, or of ``*`` alone for too many to name.

Source: https://www.postgresql.org/docs/current/sql-notify.html (at most 8,000 bytes; the same
message is sent once per transaction).
"""

from __future__ import annotations

import hashlib
from typing import Final

from tortoise import Tortoise

from pbxbridge.models.database import write_transaction

CHANNEL: Final = "pbxbridge"
# Rows of these tables: what a change of them is called, and the column that is told of them.
TOPICS: Final = {
    "portal_extensions": ("extension", "number"),
    "portal_trunks": ("trunk", "name"),
    "portal_asterisk_notices": ("outbox", "node"),
    "portal_outgoing_mail": ("outbox", "state"),
    "portal_alerts": ("alert", "node"),
    "portal_invitations": ("invitation", "extension_id"),
    "portal_nodes": ("node", "name"),
    "portal_agents": ("call-centre", "number"),
    "portal_queues": ("call-centre", "name"),
    "portal_queue_agents": ("call-centre", "queue_id"),
    "portal_queue_extensions": ("call-centre", "queue_id"),
}
_MOST: Final = 100
_EVENTS: Final = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}

# Dollar quotes: https://www.postgresql.org/docs/current/plpgsql-structure.html
_FUNCTION: Final = f"""
    CREATE OR REPLACE FUNCTION pbxbridge_tell() RETURNS trigger LANGUAGE plpgsql AS $tell$
    DECLARE
        details text[];
    BEGIN
        EXECUTE format(
            'SELECT array_agg(each) FROM (SELECT DISTINCT %I::text AS each FROM changed'
            ' LIMIT {_MOST + 1}) AS named', TG_ARGV[1]
        ) INTO details;
        IF array_length(details, 1) > {_MOST} THEN
            details := ARRAY['*'];
        END IF;
        IF details IS NOT NULL THEN
            PERFORM pg_notify(
                '{CHANNEL}',
                json_build_array(
                    TG_ARGV[0], current_setting('application_name'), TG_OP, details
                )::text
            );
        END IF;
        RETURN NULL;
    END $tell$"""  # noqa: S608 - constants


def _name(event: str) -> str:
    return f"pbxbridge_tell_{event.lower()}"


def _trigger(table: str, topic: str, column: str, event: str) -> str:
    return f"""
        CREATE TRIGGER {_name(event)} AFTER {event} ON {table}
        REFERENCING {_EVENTS[event]} TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION pbxbridge_tell('{topic}', '{column}')"""


def _statements() -> list[str]:
    made = [_FUNCTION]
    for table, (topic, column) in TOPICS.items():
        for event in _EVENTS:
            made.append(f"DROP TRIGGER IF EXISTS {_name(event)} ON {table}")
            made.append(_trigger(table, topic, column, event))
    return made


# What these triggers are, as the function's comment keeps it.
_EDITION: Final = hashlib.sha256("".join(_statements()).encode()).hexdigest()
_PRESENT: Final = """
    SELECT obj_description(to_regproc('pbxbridge_tell'), 'pg_proc') AS edition,
           (SELECT count(*) FROM pg_trigger WHERE tgfoid = to_regproc('pbxbridge_tell')) AS triggers
"""


async def ensure_news_triggers() -> None:
    """Make the triggers if they are not as they should be. SQLite has one bridge, and none.

    Done at every start, and so not without need: other bridges would wait for it.
    """
    if Tortoise.get_connection("default").capabilities.dialect != "postgres":
        return
    async with write_transaction() as transaction:
        [present] = await transaction.execute_query_dict(_PRESENT)
        if present == {"edition": _EDITION, "triggers": len(TOPICS) * len(_EVENTS)}:
            return
        for statement in _statements():
            await transaction.execute_script(statement)
        await transaction.execute_script(f"COMMENT ON FUNCTION pbxbridge_tell IS '{_EDITION}'")
