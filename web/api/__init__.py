"""The REST API under /api/v1: docs/api.md.

``operations.py`` is the table that routes and document are made from.
"""

from __future__ import annotations

from aiohttp import web

from web.api import pages
from web.api.document import make_document
from web.api.operations import OPERATIONS


def routes() -> list[web.RouteDef]:
    """Return what the API serves."""
    return [
        *(operation.route() for operation in OPERATIONS),
        *pages.routes(make_document(OPERATIONS)),
    ]
