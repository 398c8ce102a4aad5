"""The session cookie, and the CSRF token that follows from it."""

from __future__ import annotations

import hashlib
import hmac

from aiohttp import web

from web.portal import portal_of


def session_cookie_name(*, secure: bool) -> str:
    """Return the cookie's name; ``__Host-`` makes the browser refuse it from a sub-domain.

    Source: RFC 6265bis, section 4.1.3.2. Browsers take that prefix with Secure only.
    """
    return "__Host-session" if secure else "session"


def read_session_token(request: web.Request) -> str:
    """Return the token that the browser sent, empty if none."""
    secure = portal_of(request).settings.secure_cookies
    return request.cookies.get(session_cookie_name(secure=secure), "")


def set_session_token(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Hand the token to the browser until it is closed; the service decides how long it is good."""
    secure = portal_of(request).settings.secure_cookies
    response.set_cookie(
        session_cookie_name(secure=secure),
        token,
        path="/",
        httponly=True,
        secure=secure,
        # Lax, not Strict: a link in an e-mail should find the user signed in. Every write has a
        # CSRF token of its own.
        samesite="Lax",
    )


def forget_session_token(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the browser to drop the token."""
    secure = portal_of(request).settings.secure_cookies
    response.del_cookie(
        session_cookie_name(secure=secure), path="/", httponly=True, secure=secure, samesite="Lax"
    )


def csrf_token(session_token: str) -> str:
    """Return the CSRF token of a session.

    The session token is 256 random bits that no script and no other site can read, so it is key
    enough: nothing more needs to be stored, and a new session has a new CSRF token.
    """
    return hmac.new(session_token.encode(), b"pbxbridge csrf", hashlib.sha256).hexdigest()
