"""The Agents screen: who takes calls of queues, and what they dial to log in."""

from __future__ import annotations

from aiohttp import web


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return []
