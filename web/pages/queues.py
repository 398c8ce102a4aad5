"""The Queues screen: numbers whose callers wait, and who takes their calls."""

from __future__ import annotations

from aiohttp import web


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return []
