"""The REST API under /api/v1: docs/api.md.

``operations.py`` is the table that routes and document are made from.
"""

from __future__ import annotations

from functools import cache

from aiohttp import web

from web.api import pages
from web.api.document import Json, make_document
from web.api.operations import OPERATIONS


def routes() -> list[web.RouteDef]:
    """Return what the API serves."""
    return [
        *(operation.route() for operation in OPERATIONS),
        *pages.routes(_document()),
    ]


@cache
def _document() -> Json:
    """Return the document, which is made once: that takes longer than all else of a portal."""
    return make_document(OPERATIONS)
