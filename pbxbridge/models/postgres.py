"""Tortoise's engine for PostgreSQL, for a bridge that outlives its database server.

Tortoise takes a failure for one of its own kinds only where the statement is to blame. Here all
are: a server that is gone, that shuts down, that lets nobody in. So who waits for the database
(services/keep_trying.py) waits for PostgreSQL as for SQLite, and the pool connects again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from urllib.parse import unquote

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connections
from tortoise.exceptions import (
    BaseORMException,
    ConfigurationError,
    DBConnectionError,
    OperationalError,
)

from pbxbridge.identity import BRIDGE

SCHEMES = ("postgres", "postgresql")
# What a database's address may say.
ADDRESS = {"host", "port", "user", "password", "database", "sslmode"}
# Of one bridge. Its writers wait in a queue of their own, so they are never all taken.
CONNECTIONS = 10
CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 120.0
# A bridge whose machine has lost its power or its network holds a lock until the server notices:
# by these after 6 s, by the operating system's own after two hours. One that is stopped amid a
# transaction (SIGSTOP, a paused container) is cut off after 8 s, since all others wait for it.
# https://www.postgresql.org/docs/current/runtime-config-connection.html#RUNTIME-CONFIG-TCP-SETTINGS
SERVER_SETTINGS = {
    "application_name": BRIDGE,
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "6s",
    "idle_in_transaction_session_timeout": "8s",
    "lock_timeout": "30s",
    "timezone": "UTC",
}
# The keys of two locks, "pbxb" and a number. Who is to write takes the first until the commit, so
# at most one does among all bridges and command lines: as on SQLite, and what the services rely on.
# They read before they write (is the number free, a licence left, this the last administrator, the
# version still that one?), and their transactions are short and few. The other way, SERIALIZABLE,
# would have every service repeat what was refused. Readers and Asterisk wait for nobody.
# https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
_WRITER, _MIGRATION = 0x7062786200000001, 0x7062786200000002
TAKE_TURN = f"SELECT pg_advisory_xact_lock({_WRITER})"
# PostgreSQL sorts and compares text as its operator's locale has it; SQLite, and the numbers that
# Asterisk compares, go by the bytes.
_BY_BYTES = r"""
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE %s ', held.oid::regclass) || string_agg(
            format('ALTER %I TYPE %s COLLATE "C"', own.attname,
                format_type(own.atttypid, own.atttypmod)), ', ')
        FROM pg_class held JOIN pg_attribute own ON own.attrelid = held.oid
        WHERE held.relkind = 'r' AND held.relname LIKE 'portal\_%' AND pg_table_is_visible(held.oid)
            AND own.attnum > 0 AND NOT own.attisdropped
            AND own.attcollation = '"default"'::regcollation
        GROUP BY held.oid
    LOOP
        EXECUTE statement;
    END LOOP;
END $$"""


def is_postgres(url: str) -> bool:
    """Tell whether a database URL names a PostgreSQL."""
    return url.partition("://")[0] in SCHEMES


def connect_arguments(url: str) -> dict[str, Any]:
    """Return what asyncpg connects with, for a connection beside Tortoise's or for its pool."""
    found = expand_db_url(url)["credentials"]
    for part in ("user", "database"):
        found[part] = found[part] and unquote(found[part])
    if unknown := found.keys() - ADDRESS:
        names = ", ".join(sorted(unknown))
        raise ConfigurationError(
            f"Of a database's address only sslmode and host are understood "
            f"behind the question mark, not {names}."
        )
    if "sslmode" in found:  # libpq's name for it
        found["ssl"] = found.pop("sslmode")
    return {"timeout": CONNECT_SECONDS, **found, "server_settings": dict(SERVER_SETTINGS)}


def connection_config(url: str) -> dict[str, Any]:
    """Return Tortoise's configuration of a connection to this database."""
    pool = {"minsize": 1, "maxsize": CONNECTIONS, "command_timeout": STATEMENT_SECONDS}
    return {"engine": __name__, "credentials": {**pool, **connect_arguments(url)}}


@asynccontextmanager
async def migrating(url: str) -> AsyncIterator[None]:
    """Let one process at a time migrate this database; then see to what migrations cannot say."""
    arguments = connect_arguments(url)
    arguments["server_settings"]["lock_timeout"] = "0"
    with failures_as_tortoise_says():
        connection = await asyncpg.connect(**arguments)
        try:
            await connection.execute(f"SELECT pg_advisory_lock({_MIGRATION})")
            yield
            await connection.execute(_BY_BYTES)
        finally:
            await connection.close()


# What a server says that goes or comes, and what is heard of one that went. The last is said by a
# connection that was ended while nobody used it.
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,
)


class PostgresClient(AsyncpgDBClient):
    """A pool of connections. ``writers`` is held by the one of this bridge who writes."""

    def __init__(self, **credentials: Any) -> None:
        super().__init__(**credentials)
        self.writers = asyncio.Lock()

    async def create_connection(self, with_db: bool) -> None:
        """Make the pool."""
        with failures_as_tortoise_says():
            await super().create_connection(with_db)

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        with failures_as_tortoise_says():
            return await super()._translate_exceptions(func, *args, **kwargs)

    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(_Transaction(self), self._pool_init_lock)


class _Transaction(TransactionWrapper):
    """A transaction; commit and rollback fail as every statement does."""

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        with failures_as_tortoise_says():
            return await super()._translate_exceptions(func, *args, **kwargs)

    async def commit(self) -> None:
        with failures_as_tortoise_says():
            await super().commit()

    async def rollback(self) -> None:
        # Of a connection that is gone the server has rolled back; the reason is already on its way.
        with suppress(OperationalError, DBConnectionError), failures_as_tortoise_says():
            await super().rollback()


class _TransactionContext(TransactionContextPooled):
    """Tortoise's own forgets its connection, and leaves the task with it, if BEGIN fails."""

    async def __aenter__(self) -> TransactionalDBClient:
        with failures_as_tortoise_says():
            await self.ensure_connection()
            pool = self.client._parent._pool
            self.client._connection = await pool.acquire()
        try:
            await self.client.begin()
        except BaseException:
            await pool.release(self.client._connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client


def is_data_fault(error: Exception) -> bool:
    """Tell a failure that comes again: PostgreSQL took a value for wrong, or for too long."""
    return isinstance(error.__cause__, asyncpg.DataError)


@contextmanager
def failures_as_tortoise_says() -> Iterator[None]:
    """Raise OperationalError or DBConnectionError in place of what asyncpg raises."""
    try:
        yield
    except BaseORMException:
        raise
    except (OSError, *_AWAY) as why:
        raise DBConnectionError(str(why) or "PostgreSQL does not answer") from why
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as why:
        raise OperationalError(str(why)) from why


client_class = PostgresClient
