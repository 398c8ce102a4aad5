"""The log of the queues' calls: to read, and to export."""

from __future__ import annotations

from aiohttp import web


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return []
