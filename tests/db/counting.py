"""Another process that reads, thinks and writes: ``python -m tests.db.counting URL TIMES``."""

from __future__ import annotations

import asyncio
import sys

from pbxbridge.models.database import open_database, write_transaction
from pbxbridge.models.extension import LicenceUse


async def count(times: int) -> None:
    """Add one to a number, so many times."""
    for _ in range(times):
        async with write_transaction():
            row = await LicenceUse.get(licence="extensions")
            await asyncio.sleep(0.001)
            await LicenceUse.filter(licence="extensions").update(used=row.used + 1)


async def main(url: str, times: str) -> None:
    """Count in a database."""
    async with open_database(url):
        await count(int(times))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
