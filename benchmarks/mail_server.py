"""A mail server in a process of its own that takes everything and keeps nothing.

``python -m benchmarks.mail_server`` prints its port.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


class _Taking:
    async def handle_DATA(  # noqa: N802 - aiosmtpd finds its hooks by these names
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[int]:
    """Run the server for the length of the block; gives its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.mail_server", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def main() -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(_Taking(), data_size_limit=None, loop=loop, hostname="localhost"), HOST, 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
