"""One running system per test module."""

from collections.abc import AsyncIterator

import pytest

from tests.rig.system import System, running_system


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """A bridge, a real Asterisk and a real SMTP server, shared by the module's tests."""
    async with running_system(tmp_path_factory.mktemp("system")) as running:
        yield running
