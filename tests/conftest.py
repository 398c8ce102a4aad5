"""Fixtures that every kind of test shares."""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from pbxbridge.events import EventBus
from pbxbridge.models.database import open_database, sqlite_path
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import PREFIX
from tests.rig import campaign
from tests.rig.calling import open_the_outside
from tests.rig.databases import Databases, Engine, Template
from tests.rig.extensions import extensions_on
from tests.rig.memory import folder_in_memory

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

# The folders whose tests wait most of their time: for Asterisk, for phones, for a time to pass.
_WAITING = ("ami", "asterisk", "cluster", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the files that wait with those that compute: two of a kind hinder each other.

    Those that wait are the longest: they come a little early, so that none is alone at the end.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    here = Path(__file__).parent
    kinds: dict[bool, list[Path]] = {True: [], False: []}
    for path in files:
        kinds[path.relative_to(here).parts[0] in _WAITING].append(path)
    placed = [
        (place / len(paths) * (0.9 if waits else 1.0), path)
        for waits, paths in kinds.items()
        for place, path in enumerate(paths)
    ]
    items[:] = [item for _, path in sorted(placed) for item in files[path]]


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not in all that is loaded: else it takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


# What a developer has set for a bridge of their own is not for the tests.
for _name in [name for name in os.environ if name.startswith(PREFIX)]:
    if _name != campaign.VARIABLE:
        del os.environ[_name]


@pytest.fixture(scope="session")
async def databases() -> AsyncIterator[Databases]:
    """Where databases come from."""
    with folder_in_memory() as folder:
        databases = Databases(folder)
        yield databases
        await databases.stop()


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """What this test's database is of: SQLite, unless its folder's conftest says both."""
    chosen: Engine = getattr(request, "param", "sqlite")
    return chosen


@pytest.fixture
async def template(databases: Databases, engine: Engine) -> Template:
    """What this test's database is a copy of."""
    return await databases.template(engine)


@pytest.fixture
async def database_url(databases: Databases, template: Template) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    async with databases.copy(template) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """An open database of this test's own; gives its URL."""
    async with open_database(database_url):
        yield database_url


@pytest.fixture
async def elsewhere(databases: Databases, engine: Engine) -> AsyncIterator[str]:
    """The migrated database of another PBX; gives its URL."""
    async with databases.copy(await databases.template(engine)) as url:
        yield url


@pytest.fixture
def database_path(database_url: str) -> Path:
    """A migrated SQLite file of this test's own."""
    path = sqlite_path(database_url)
    assert path is not None
    return path


@pytest.fixture(scope="session")
async def migrated_file(databases: Databases) -> Path:
    """A SQLite file as ``pbxbridge migrate`` leaves it; tests copy it."""
    return Path((await databases.template("sqlite")).place)


@pytest.fixture
def bus() -> EventBus:
    """A bus of this test's own."""
    return EventBus()


@pytest.fixture
def extensions(database: str, bus: EventBus) -> Extensions:
    """The service of extensions, on this test's database."""
    return extensions_on(bus)


@pytest.fixture
async def _outside(database: str) -> None:
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
