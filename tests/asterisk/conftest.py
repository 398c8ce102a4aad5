"""One running system per test module."""

from collections.abc import AsyncIterator

import pytest

from tests.rig.databases import Databases, Engine
from tests.rig.system import System, running_system


@pytest.fixture(scope="module")
async def system(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[System]:
    """A bridge, a real Asterisk and a real SMTP server, shared by the module's tests.

    On SQLite, unless the module parametrizes it with engines.
    """
    engine: Engine = getattr(request, "param", "sqlite")
    folder = tmp_path_factory.mktemp("system")
    async with running_system(folder, engine=engine, databases=databases) as running:
        yield running
