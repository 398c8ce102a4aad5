"""Every failure becomes one plain page (or, for htmx, one sentence) that leaks nothing."""

from __future__ import annotations

import errno
import secrets

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from pbxbridge.errors import (
    AsteriskUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PbxBridgeError,
    TooManyAttempts,
)
from pbxbridge.services.keep_trying import is_database_away
from web.portal import SESSION
from web.render import bare_page, page
from web.requests import loggable_path, wants_page

log = structlog.get_logger(__name__)

STATUS: dict[type[PbxBridgeError], int] = {
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    Forbidden: 403,
    TooManyAttempts: 429,
    AsteriskUnavailable: 503,
}
TITLES = {
    400: "This request could not be read",
    401: "Please sign in",
    403: "This is not allowed",
    404: "There is no such page",
    405: "This is not possible here",
    409: "Somebody else was faster",
    413: "That is too much at once",
    415: "This kind of data is not taken here",
    422: "Something is not right yet",
    429: "That was too often",
    500: "Something went wrong here",
    503: "Asterisk does not answer",
}
EXPLANATIONS = {
    401: "Your session has ended.",
    404: "The address may be mistyped, or what it showed is gone.",
    500: "It was not your fault, and it has been noted. If it happens again, tell your "
    "administrator this number:",
    503: "Please try again in a moment.",
}

NO_DATABASE = "The database does not answer"

TEMPLATE = "errors/error.html"


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raised into an answer; the outermost middleware."""
    request_id = secrets.token_hex(6)
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        try:
            return await handler(request)
        except PbxBridgeError as error:
            if (status := status_of(error)) is None:
                return await _unexpected(request, request_id, error)
            response = await _of_ours(request, status, error)
            if isinstance(error, TooManyAttempts):
                response.headers["Retry-After"] = str(error.retry_after)
            return response
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _with_headers(await _answer(request, error.status), error)
        except Exception as error:
            if is_database_away(error):
                log.warning("database.failed", path=loggable_path(request), reason=str(error))
                return await _answer(request, 503, title=NO_DATABASE)
            return await _unexpected(request, request_id, error)


def status_of(error: PbxBridgeError) -> int | None:
    """Return the HTTP status of an error; None for one that no person caused."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)


async def _unexpected(request: web.Request, request_id: str, error: Exception) -> web.Response:
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        # Below /static: no file can have such a name.
        return await _answer(request, 404)
    log.exception("request.failed", method=request.method, path=loggable_path(request))
    return await _answer(request, 500, request_id=request_id)


async def _of_ours(request: web.Request, status: int, error: PbxBridgeError) -> web.Response:
    sentence = _sentence(error)
    if not isinstance(error, NotFound):
        return await _answer(request, status, sentence)
    # What is not there is named by the error: no page need be talked of.
    if not wants_page(request):
        return web.Response(text=sentence, status=status)
    return await _answer(request, status, title=sentence.rstrip("."))


def _sentence(error: PbxBridgeError) -> str:
    if isinstance(error, AsteriskUnavailable):
        return ""  # its message is for the log: it may name hosts and logins
    if isinstance(error, Invalid):
        return " ".join(error.fields.values())
    return str(error)


async def _answer(
    request: web.Request, status: int, sentence: str = "", request_id: str = "", title: str = ""
) -> web.Response:
    title = title or TITLES.get(status, "This did not work")
    sentence = sentence or EXPLANATIONS.get(status, "")
    if wants_page(request):
        shown = {"title": title, "sentence": sentence, "request_id": request_id}
        return await _page(request, status, shown)
    text = " ".join(part for part in (f"{title}.", sentence, request_id) if part)
    return web.Response(text=text, status=status)


async def _page(request: web.Request, status: int, shown: dict[str, str]) -> web.Response:
    """Return the page, for whoever is signed in with the menu around it.

    Not where what the menu reads may be what failed, nor with a one-time password: with that no
    other page works yet.
    """
    session = request.get(SESSION)
    if session and not session.must_change_password and status != 500:
        try:
            return await page(request, TEMPLATE, status, **shown)
        except Exception:
            log.exception("error_page.failed", path=loggable_path(request))
    return bare_page(request, TEMPLATE, status, **shown)


def _with_headers(response: web.Response, error: web.HTTPException) -> web.Response:
    for name in ("Allow", "HX-Redirect", "WWW-Authenticate"):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response
