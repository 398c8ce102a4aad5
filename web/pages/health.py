"""``/healthz``: tells a supervisor that the portal answers, and nothing else."""

from aiohttp import web


async def health(_: web.Request) -> web.Response:
    """Answer 200."""
    return web.json_response({"status": "ok"})
