"""The profile: what a person sees and changes of their own account, whatever their role."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from pbxbridge.services.api_tokens import scope_of
from pbxbridge.services.people import TokenScope
from web.access import signed_in
from web.navigation import PROFILE
from web.notices import notice_of
from web.portal import SESSION, portal_of
from web.render import page

SCOPES = {
    TokenScope.READ: "Read only",
    TokenScope.WRITE: "Read and change",
}
NEW_TOKEN = {"name": "", "scope": TokenScope.READ, "days": "90"}


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(PROFILE, show_profile)]


@signed_in
async def show_profile(request: web.Request) -> web.StreamResponse:
    """Show the page."""
    return await profile_page(request)


async def profile_page(request: web.Request, status: int = 200, **context: Any) -> web.Response:
    """Return the page; ``context`` is what a form on it adds: its errors, and what it made."""
    portal, session = portal_of(request), request[SESSION]
    own_scope = scope_of(session.role)
    shown = {
        "user": await portal.users.get(session.login),
        "sessions": await portal.accounts.sessions_of(session.login, session.token),
        "tokens": await portal.api_tokens.of(session.login),
        "scopes": SCOPES if own_scope is TokenScope.WRITE else {own_scope: SCOPES[own_scope]},
        "scope_names": SCOPES,
        "now": datetime.now(UTC),
        "new_token": "",
        "token_values": NEW_TOKEN,
        "token_errors": {},
        "factor_errors": {},
        "notice": notice_of(request),
    }
    return await page(request, "profile/profile.html", status, **(shown | context))
