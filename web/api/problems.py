"""Under /api/ every failure is a problem document (RFC 9457), made in this one place."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from pbxbridge.errors import AsteriskUnavailable, Invalid, PbxBridgeError, TooManyAttempts
from pbxbridge.services.keep_trying import is_database_away
from pbxbridge.services.usages import InUse
from web.middleware.errors import EXPLANATIONS, NO_DATABASE, TITLES, status_of
from web.requests import is_api

MEDIA_TYPE = "application/problem+json"
# What a failure of aiohttp's own carries for the client.
_HEADERS = (hdrs.ALLOW, hdrs.ACCEPT, hdrs.WWW_AUTHENTICATE, "Accept-Patch", hdrs.ETAG)

log = structlog.get_logger(__name__)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what was raised below into a problem document; pages are none of its business."""
    if not is_api(request):
        return await handler(request)
    try:
        return await handler(request)
    except PbxBridgeError as error:
        return _of_ours(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {name: error.headers[name] for name in _HEADERS if name in error.headers}
        return problem(error.status, _said(error), headers=headers)
    except Exception as error:
        if is_database_away(error):
            log.warning("database.failed", path=request.path, reason=str(error))
            return problem(503, f"{NO_DATABASE}. {EXPLANATIONS[503]}")
        return _unexpected(request)


def problem(
    status: int,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> web.Response:
    """Return a problem document; ``members`` are those beyond RFC 9457's own."""
    document = {
        "type": "about:blank",
        # Section 4.2.1: with about:blank the title is HTTP's own phrase.
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or EXPLANATIONS.get(status) or f"{TITLES.get(status, 'This failed')}.",
        **members,
    }
    return web.json_response(document, status=status, content_type=MEDIA_TYPE, headers=headers)


def _of_ours(request: web.Request, error: PbxBridgeError) -> web.Response:
    if (status := status_of(error)) is None:
        return _unexpected(request)
    match error:
        case Invalid(fields=fields):
            named = {name: why for name, why in fields.items() if name}
            return problem(status, fields.get("", "Some fields are not right yet."), errors=named)
        case InUse(usages=usages):
            listed = [{"key": usage.key, "sentence": usage.sentence} for usage in usages]
            return problem(status, str(error), usages=listed)
        case TooManyAttempts(retry_after=seconds):
            return problem(status, str(error), headers={hdrs.RETRY_AFTER: str(seconds)})
        case AsteriskUnavailable():
            return problem(status)  # its message is for the log: it may name hosts and logins
    return problem(status, str(error))


def _unexpected(request: web.Request) -> web.Response:
    log.exception("request.failed", method=request.method, path=request.path)
    # Bound by middleware/errors.py, and so in the log entry too.
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return problem(500, "This was noted in the log.", request_id=request_id)


def _said(error: web.HTTPException) -> str:
    """Return the sentence that a handler gave; aiohttp's own text says no more than the title."""
    text = error.text or ""
    return "" if text.startswith(f"{error.status}: ") else text
