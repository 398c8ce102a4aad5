"""Logging an agent in and out, pausing, from the portal: for managers."""

from __future__ import annotations

from aiohttp import web


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return []
