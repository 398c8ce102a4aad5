"""``/healthz``: tells a supervisor that the portal answers, and nothing else."""

from aiohttp import web

from web import routes as names
from web.access import public


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get("/healthz", health, name=names.HEALTH)]


@public
async def health(_: web.Request) -> web.Response:
    """Answer 200."""
    return web.json_response({"status": "ok"})
