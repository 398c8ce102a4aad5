"""What other processes change in the database is heard of, at once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from pbxbridge.cluster.news import News
from pbxbridge.cluster.news_triggers import ensure_news_triggers
from pbxbridge.events import (
    AlertsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    MailboxChanged,
    NodeChanged,
    OutboxChanged,
    Overflowed,
    TrunksChanged,
)
from pbxbridge.models.node import Node
from pbxbridge.models.postgres import connect_arguments
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from tests.eventually import eventually
from tests.fakes.recording_bus import RecordingBus

_TERMINATE = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE query LIKE 'LISTEN%' AND datname = current_database()"""
_EXTENSION = """
    INSERT INTO portal_extensions
    SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', one.id + 100 + place, 'number', (9000 + place)::text, 'sort_key', place::text))).*
    FROM portal_extensions AS one, generate_series(1, $1) AS place WHERE one.number = '1001'"""


class Heard:
    """What a bridge that listens heard since it was last asked."""

    def __init__(self) -> None:
        self.bus = RecordingBus()

    def take(self) -> list[Event]:
        taken, self.bus.published = self.bus.published, []
        return taken

    async def until(self, event: Event) -> None:
        await eventually(lambda: event in self.bus.published)


@pytest.fixture
async def heard(database: str) -> AsyncIterator[Heard]:
    """A bridge that listens, and was told to read everything once."""
    await ensure_news_triggers()
    heard = Heard()
    news = asyncio.create_task(News(database, heard.bus).run(), name="news")
    await heard.until(Overflowed())
    heard.take()
    yield heard
    news.cancel()
    with suppress(asyncio.CancelledError):
        await news


@pytest.fixture
async def other(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Another process on the same database."""
    arguments = connect_arguments(database)
    arguments["server_settings"]["application_name"] = "somebody else"
    connection = await asyncpg.connect(**arguments)
    yield connection
    await connection.close()


@pytest.fixture
async def one_extension(extensions: Extensions, admin: Actor) -> None:
    await extensions.create(admin, parse_extension({"number": "1001", "caller_id_name": "Ada"}))


@pytest.mark.usefixtures("one_extension")
async def test_an_extension_that_another_changes_is_heard_of(
    heard: Heard, other: asyncpg.Connection
) -> None:
    await other.execute("UPDATE portal_extensions SET monitored = false WHERE number = '1001'")
    await heard.until(ExtensionSaved("1001", monitored=False))
    await other.execute(_EXTENSION, 2)
    await heard.until(ExtensionSaved("9002", monitored=False))
    await other.execute("DELETE FROM portal_extensions WHERE number = '9001'")
    await heard.until(ExtensionDeleted("9001"))


@pytest.mark.usefixtures("one_extension")
async def test_what_is_rolled_back_is_not_told(heard: Heard, other: asyncpg.Connection) -> None:
    with suppress(ZeroDivisionError):
        async with other.transaction():
            await other.execute("UPDATE portal_extensions SET monitored = false")
            raise ZeroDivisionError
    await other.execute("UPDATE portal_nodes SET seq = seq + 1")
    await heard.until(NodeChanged("asterisk"))
    assert heard.take() == [NodeChanged("asterisk")]


@pytest.mark.usefixtures("one_extension")
async def test_too_many_to_name_means_reading_everything_again(
    heard: Heard, other: asyncpg.Connection
) -> None:
    await other.execute(_EXTENSION, 100)
    await heard.until(ExtensionSaved("9100", monitored=True))
    await other.execute("UPDATE portal_extensions SET monitored = false")
    await heard.until(Overflowed())
    assert heard.take().count(Overflowed()) == 1


@pytest.mark.usefixtures("one_extension")
async def test_what_changed_no_row_is_not_told(heard: Heard, other: asyncpg.Connection) -> None:
    await other.execute("DELETE FROM portal_extensions WHERE number = '7777'")
    await other.execute("UPDATE portal_nodes SET seq = seq + 1")
    await heard.until(NodeChanged("asterisk"))
    assert heard.take() == [NodeChanged("asterisk")]


async def test_trunks_and_outboxes_are_heard_of(heard: Heard, other: asyncpg.Connection) -> None:
    await other.execute(
        "INSERT INTO portal_asterisk_notices"
        " (node, kind, subject, attempts, last_error, created_at)"
        " VALUES ('asterisk', 'reload-dialplan', 'x', 0, '', now())"
    )
    await heard.until(OutboxChanged())
    columns = await other.fetch(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = 'portal_trunks' AND is_nullable = 'NO' AND column_name <> 'id'"
    )
    values = {"integer": "0", "boolean": "false", "jsonb": "'[]'"}
    names = ", ".join(column["column_name"] for column in columns)
    row = ", ".join(values.get(column["data_type"], "'x'") for column in columns)
    await other.execute(f"INSERT INTO portal_trunks ({names}) VALUES ({row})")  # noqa: S608
    await heard.until(TrunksChanged())


async def test_one_does_not_hear_of_oneself(heard: Heard, other: asyncpg.Connection) -> None:
    await Node.filter(name="asterisk").update(seq=7)
    await other.execute("UPDATE portal_nodes SET seq = 8")
    await heard.until(NodeChanged("asterisk"))
    assert heard.take() == [NodeChanged("asterisk")]


async def test_mailboxes_are_told_on_to_the_others(heard: Heard, database: str) -> None:
    event = MailboxChanged("1001", "default")
    async with _listening(database, "another bridge") as (another, its):
        another.tell_mailbox(event)
        await heard.until(event)
        assert event not in its.bus.published


async def test_after_a_lost_connection_everything_is_read_again(
    heard: Heard, other: asyncpg.Connection
) -> None:
    assert await other.fetchval(_TERMINATE) == 1
    await heard.until(Overflowed())
    await other.execute("UPDATE portal_nodes SET seq = seq + 1")
    await heard.until(NodeChanged("asterisk"))


@asynccontextmanager
async def _listening(url: str, bridge: str) -> AsyncIterator[tuple[News, Heard]]:
    heard = Heard()
    news = News(url, heard.bus, bridge)
    task = asyncio.create_task(news.run(), name=bridge)
    await heard.until(Overflowed())
    yield news, heard
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_triggers_that_are_there_are_left_alone(
    heard: Heard, other: asyncpg.Connection
) -> None:
    before = await other.fetchval("SELECT array_agg(oid ORDER BY oid) FROM pg_trigger")
    await ensure_news_triggers()
    assert await other.fetchval("SELECT array_agg(oid ORDER BY oid) FROM pg_trigger") == before
    await other.execute("DROP TRIGGER pbxbridge_tell_update ON portal_nodes")
    await ensure_news_triggers()
    await other.execute("UPDATE portal_nodes SET seq = seq + 1")
    await heard.until(NodeChanged("asterisk"))


async def test_an_alert_that_another_opens_is_heard_of(
    heard: Heard, other: asyncpg.Connection
) -> None:
    await other.execute(
        "INSERT INTO portal_alerts (kind, node, endpoint, phones, since, until, opened_at)"
        " VALUES ('phone-down', 'asterisk', '1001', 1, now(), now(), now())"
    )
    await heard.until(AlertsChanged())


@pytest.mark.usefixtures("one_extension")
async def test_an_invitation_that_is_opened_elsewhere_is_heard_of(
    heard: Heard, other: asyncpg.Connection
) -> None:
    await other.execute(
        "INSERT INTO portal_invitations"
        " (extension_id, token_hash, recipient, mail_key, invited_by, created_at, expires_at)"
        " SELECT id, 'x', 'ada@example.org', 'x', 'admin', now(), now() FROM portal_extensions"
    )
    await heard.until(InvitationsChanged())
    heard.take()
    await other.execute("UPDATE portal_invitations SET opened_at = now()")
    await heard.until(InvitationsChanged())
