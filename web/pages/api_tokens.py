"""One's own API tokens: made, shown once, revoked."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import Invalid
from web.access import signed_in
from web.navigation import PROFILE
from web.pages.profile import profile_page
from web.portal import actor_of, portal_of
from web.requests import read_form


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.post(f"{PROFILE}/tokens", create),
        web.post(f"{PROFILE}/tokens/{{id:[0-9]{{1,9}}}}/revoke", revoke),
    ]


@signed_in
async def create(request: web.Request) -> web.StreamResponse:
    """Make a token and show it, once."""
    form = await read_form(request)
    try:
        _, token = await portal_of(request).api_tokens.create(
            actor_of(request), form.get("name", ""), form.get("scope", ""), form.get("days", "")
        )
    except Invalid as invalid:
        return await profile_page(
            request, 422, token_errors=invalid.fields, token_values=_typed(form)
        )
    return await profile_page(request, new_token=token)


@signed_in
async def revoke(request: web.Request) -> web.StreamResponse:
    """Revoke one of one's own tokens."""
    tokens = portal_of(request).api_tokens
    await tokens.revoke(actor_of(request), int(request.match_info["id"]))
    raise web.HTTPSeeOther(f"{PROFILE}?notice=token-revoked")


def _typed(form: dict[str, str]) -> dict[str, str]:
    return {name: form.get(name, "") for name in ("name", "scope", "days")}
