"""Opening, migrating and writing the one database that the portal and Asterisk share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.migrations.api import migrate as run_migrations
from tortoise.transactions import in_transaction

from pbxbridge.models.postgres import (
    TAKE_TURN,
    PostgresClient,
    connection_config,
    is_postgres,
    migrating,
)

SQLITE_BUSY_MS = 5000

# The modules of each app's models.
MODELS = {
    "realtime": ("pbxbridge.models.realtime",),
    "portal": (
        "pbxbridge.models.people",
        "pbxbridge.models.calling",
        "pbxbridge.models.extension",
        "pbxbridge.models.phone",
        "pbxbridge.models.call_centre",
        "pbxbridge.models.outbox",
        "pbxbridge.models.audit_entry",
        "pbxbridge.models.node",
        "pbxbridge.models.alert",
        "pbxbridge.models.webhook",
    ),
}


def tortoise_config(url: str) -> dict[str, Any]:
    """Return Tortoise's configuration for a database URL.

    The portal's tables and Asterisk's realtime tables are two apps with migrations of their own,
    since on a database made by Asterisk's alembic scripts the latter are there already.
    """
    # WAL: Asterisk reads while we write. Full sync: a saved change survives a power cut.
    sqlite = f"{url}?journal_mode=WAL&synchronous=FULL&busy_timeout={SQLITE_BUSY_MS}"
    return {
        "connections": {"default": connection_config(url) if is_postgres(url) else sqlite},
        "apps": {
            name: {
                "models": list(modules),
                "migrations": f"pbxbridge.migrations.{name}",
                "default_connection": "default",
            }
            for name, modules in MODELS.items()
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL, None for any other engine."""
    scheme, _, rest = url.partition("://")
    return Path(rest.partition("?")[0]) if scheme == "sqlite" else None


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[None]:
    """Connect Tortoise's models to the database for the length of the block.

    One at a time: the connection belongs to the whole process.
    """
    # Handlers run in tasks that never saw this context: only the global fallback reaches them.
    await Tortoise.init(config=tortoise_config(url), _enable_global_fallback=True)
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def migrate(url: str) -> None:
    """Bring the schema up to date; creates a SQLite file (and its folder) that is not there."""
    if path := sqlite_path(url):
        path.parent.mkdir(parents=True, exist_ok=True)
        # It holds SIP secrets and voicemail PINs. The WAL and SHM files take over this mode.
        path.touch(mode=0o600)
    async with migrating(url) if is_postgres(url) else nullcontext():
        try:
            await run_migrations(config=tortoise_config(url))
        finally:
            await Tortoise.close_connections()


@asynccontextmanager
async def write_transaction() -> AsyncIterator[TransactionalDBClient]:
    """Open a transaction that will write. There is one at a time: what it reads stays true.

    On SQLite it takes the write lock at once. A transaction that reads first and asks for the
    lock later is refused without waiting if Asterisk wrote in between (SQLITE_BUSY_SNAPSHOT,
    https://www.sqlite.org/rescode.html); one that begins IMMEDIATE waits its turn.

    On PostgreSQL the bridges take turns by a lock of ours (models/postgres.py).
    """
    client = Tortoise.get_connection("default")
    turn = client.writers if isinstance(client, PostgresClient) else nullcontext()
    async with turn, in_transaction("default") as connection:
        if connection.capabilities.dialect == "sqlite":
            await connection.execute_query("COMMIT")
            await connection.execute_query("BEGIN IMMEDIATE")
        else:
            await connection.execute_query(TAKE_TURN)
        yield connection


@asynccontextmanager
async def snapshot() -> AsyncIterator[TransactionalDBClient]:
    """Open a transaction that reads, and sees everything as it was at one moment.

    On SQLite every transaction does, from its first read on (https://www.sqlite.org/isolation.html).
    """
    async with in_transaction("default") as connection:
        if connection.capabilities.dialect != "sqlite":
            await connection.execute_query(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            )
            # Nobody waits for who only reads.
            await connection.execute_query("SET LOCAL idle_in_transaction_session_timeout = '5min'")
        yield connection
