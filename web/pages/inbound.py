"""Where calls from outside go whose DID nobody has: a form of the Trunks screen."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.services.people import Role
from web.access import allow
from web.notices import notify
from web.portal import Portal, actor_of, portal_of
from web.render import part_or_page
from web.requests import read_form, version_of, wants_fragment

PATH = "/inbound"


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(PATH, show), web.post(PATH, update)]


@allow(Role.ADMIN)
async def show(request: web.Request) -> web.StreamResponse:
    """Show the form on a page of its own."""
    return await _form(request)


@allow(Role.ADMIN)
async def update(request: web.Request) -> web.StreamResponse:
    """Save it, unless somebody else did meanwhile."""
    form = await read_form(request)
    typed = {"unknown_did": form.get("unknown_did", "")}
    try:
        await portal_of(request).inbound.update(
            actor_of(request), typed, version_of(form.get("version", ""))
        )
    except Invalid as invalid:
        return await _form(request, typed, invalid.fields)
    except Conflict as stale:
        now = (await portal_of(request).inbound.get()).fields.unknown_did or "empty"
        return await _form(request, typed, {"unknown_did": f"{stale} Saved is now: {now}."})
    if not wants_fragment(request):
        raise web.HTTPSeeOther("/trunks?notice=saved")
    response = await _form(request)
    notify(response, "saved")
    return response


async def inbound_form(
    portal: Portal,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Return what the form shows: what was typed rather than what is saved."""
    stored = await portal.inbound.get()
    values = {"unknown_did": stored.fields.unknown_did, **(typed or {})}
    return {"values": values, "version": stored.version, "errors": errors or {}}


async def _form(
    request: web.Request,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> web.Response:
    return await part_or_page(
        request,
        "trunks/inbound.html",
        "question.html",
        title="Calls from outside",
        status=422 if errors else 200,
        **await inbound_form(portal_of(request), typed, errors),
    )
