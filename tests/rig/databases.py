"""Databases for tests, on either engine: copies of one that was prepared once."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from pbxbridge.models.database import migrate, open_database, sqlite_path
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.extension_search import ensure_search_index
from pbxbridge.services.licences import count_licences
from tests.rig.asterisk_schema import create_asterisk_tables
from tests.rig.postgres import PostgresServer

# "alembic" is a PostgreSQL with the tables that Asterisk's own alembic scripts made, adopted.
Engine = Literal["sqlite", "postgres", "alembic"]
ENGINES: tuple[Engine, ...] = ("sqlite", "postgres")
# What is done to a database, which is open meanwhile; what it returns is kept with the database.
Preparation = Callable[[], Awaitable[Any]]


async def nothing_more() -> None:
    """Leave a database as ``pbxbridge migrate`` makes it."""


@cache
def _folder_of_the_migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pbxbridge-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


async def migrate_quickly(path: Path) -> None:
    """Make a SQLite file as migrate() does. It is done once in a process, and copied then."""
    migrated = _folder_of_the_migrated() / "pbxbridge.sqlite3"
    if not migrated.exists():
        await migrate(f"sqlite://{migrated}")
    shutil.copy(migrated, path)


async def make_ready(url: str) -> None:
    """Do to a database what ``pbxbridge migrate`` does."""
    if path := sqlite_path(url):
        await migrate_quickly(path)
    else:
        await migrate(url)
    async with open_database(url):
        await ensure_built_in()
        await ensure_search_index()
        await count_licences()


def on_both_engines(metafunc: pytest.Metafunc) -> None:
    """Run a test that has a database on either engine, but where one of them is what is tested.

    One that is marked so is run on Asterisk's own tables as well. For a conftest's
    pytest_generate_tests.
    """
    if "engine" in metafunc.fixturenames:
        engines: tuple[Engine, ...] = ENGINES
        if metafunc.definition.get_closest_marker("sqlite"):
            engines = ("sqlite",)
        elif metafunc.definition.get_closest_marker("postgres"):
            engines = ("postgres",)
        elif metafunc.definition.get_closest_marker("alembic"):
            engines = (*ENGINES, "alembic")
        metafunc.parametrize("engine", engines, indirect=True)


def forget_statements() -> None:
    """Let the next database be of another engine.

    Tortoise keeps statements as the last engine of a process wants them. A bridge has one.
    """
    EXECUTOR_CACHE.clear()


@dataclass(frozen=True)
class Template:
    """A database that nobody opens any more: a file's path, or a name in PostgreSQL.

    ``made`` is what its preparation returned.
    """

    engine: Engine
    place: str
    made: Any


class Databases:
    """Makes databases below ``folder``; PostgreSQL is started when the first is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[tuple[Engine, Preparation], Template] = {}
        self._numbers = itertools.count()
        self._server: PostgresServer | None = None

    async def stop(self) -> None:
        """Stop PostgreSQL, if it was needed."""
        if self._server is not None:
            await self._server.stop()

    async def server(self) -> PostgresServer:
        """Return the PostgreSQL of this test run, running."""
        if self._server is None:
            self._server = PostgresServer(self._folder / "postgres")
            await self._server.start()
        return self._server

    async def template(self, engine: Engine, prepare: Preparation = nothing_more) -> Template:
        """Return the database that ``prepare`` was done to; it is done once."""
        wanted = (engine, prepare)
        if wanted not in self._templates:
            if prepare is nothing_more:
                place, url = await self._place(engine)
                if engine == "alembic":
                    await create_asterisk_tables(url)
                await make_ready(url)
            else:
                place, url = await self._copied(await self.template(engine))
            async with open_database(url):
                made = await prepare()
            self._templates[wanted] = Template(engine, place, made)
        return self._templates[wanted]

    @asynccontextmanager
    async def copy(self, template: Template) -> AsyncIterator[str]:
        """Give the URL of a copy, which is there for the length of the block."""
        place, url = await self._copied(template)
        try:
            yield url
        finally:
            await self._remove(template.engine, place)

    @asynccontextmanager
    async def empty(self, engine: Engine) -> AsyncIterator[str]:
        """Give the URL of a database without a table, for the length of the block."""
        place, url = await self._place(engine)
        try:
            yield url
        finally:
            await self._remove(engine, place)

    async def _copied(self, template: Template) -> tuple[str, str]:
        place, url = await self._place(template.engine, template.place)
        if template.engine == "sqlite":
            shutil.copy(template.place, place)
        return place, url

    async def _place(self, engine: Engine, template: str | None = None) -> tuple[str, str]:
        forget_statements()
        number = next(self._numbers)
        if engine == "sqlite":
            folder = self._folder / f"database-{number}"
            folder.mkdir()
            path = folder / "pbxbridge.sqlite3"
            return str(path), f"sqlite://{path}"
        server, name = await self.server(), f"test_{number}"
        await server.create_database(name, template)
        return name, server.url(name)

    async def _remove(self, engine: Engine, place: str) -> None:
        if engine == "sqlite":
            shutil.rmtree(Path(place).parent)
        else:
            await (await self.server()).drop_database(place)
