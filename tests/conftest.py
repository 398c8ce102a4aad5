"""Fixtures that every kind of test shares."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from pbxbridge.events import EventBus
from pbxbridge.models.database import migrate, open_database
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.extension_search import ensure_search_index
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import count_licences
from pbxbridge.settings import PREFIX
from tests.rig.calling import open_the_outside
from tests.rig.extensions import extensions_on

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

# What a developer has set for a bridge of their own is not for the tests.
for _name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[_name]


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file as ``pbxbridge migrate`` leaves it; tests copy it."""
    path = tmp_path_factory.mktemp("migrated") / "pbxbridge.sqlite3"
    await migrate(f"sqlite://{path}")
    async with open_database(f"sqlite://{path}"):
        await ensure_built_in()
        await ensure_search_index()
        await count_licences()
    return path


@pytest.fixture
def database_path(migrated_file: Path, tmp_path: Path) -> Path:
    """A migrated SQLite file of this test's own."""
    return Path(shutil.copy(migrated_file, tmp_path / "pbxbridge.sqlite3"))


@pytest.fixture
async def database(database_path: Path) -> AsyncIterator[Path]:
    """An open database of this test's own; gives its file."""
    async with open_database(f"sqlite://{database_path}"):
        yield database_path


@pytest.fixture
def bus() -> EventBus:
    """A bus of this test's own."""
    return EventBus()


@pytest.fixture
def extensions(database: Path, bus: EventBus) -> Extensions:
    """The service of extensions, on this test's database."""
    return extensions_on(bus)


@pytest.fixture
async def _outside(database: Path) -> None:
    """Every number can be dialled, so every forward and twin may be."""
    await open_the_outside()


@pytest.fixture
def admin() -> Actor:
    """Who asks."""
    return Actor("admin", "127.0.0.1")


@pytest.fixture(autouse=True)
def _reset_structlog() -> Iterator[None]:
    """Undo what a test configured of structlog."""
    yield
    structlog.reset_defaults()
