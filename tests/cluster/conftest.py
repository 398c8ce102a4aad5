"""A PostgreSQL database that several bridges share."""

import pytest

from tests.rig.databases import Engine


@pytest.fixture
def engine() -> Engine:
    """What this folder's databases are of."""
    return "postgres"
