"""The wallboard: what happens in the queues now, to be read across a room."""

from __future__ import annotations

from aiohttp import web


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return []
