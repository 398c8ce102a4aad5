"""Deleting an extension: what still uses it must be ticked first, one by one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aiohttp import web

from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.people import Role
from pbxbridge.services.usages import InUse, Usage
from web.access import allow
from web.notices import notify
from web.pages.extension_query import LIST
from web.portal import actor_of, portal_of
from web.record_screen import KNOWN
from web.render import html, part_or_page
from web.requests import read_form, wants_fragment


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{number:[0-9a-z]+}}/delete"
    return [web.get(one, ask_delete), web.post(one, delete)]


@allow(Role.ADMIN)
async def ask_delete(request: web.Request) -> web.StreamResponse:
    """Ask, and say what uses the extension and what will be lost."""
    extensions, number = portal_of(request).extensions, request.match_info["number"]
    view = await extensions.get(number)
    return await _question(request, view, await extensions.usage(number))


@allow(Role.ADMIN)
async def delete(request: web.Request) -> web.StreamResponse:
    """Delete an extension, or ask again if something uses it that was not ticked."""
    extensions, number = portal_of(request).extensions, request.match_info["number"]
    ticked = {
        name.removeprefix(KNOWN) for name in await read_form(request) if name.startswith(KNOWN)
    }
    try:
        await extensions.delete(actor_of(request), number, ticked)
    except InUse as in_use:
        view = await extensions.get(number)
        return await _question(request, view, in_use.usages, ticked, is_refused=True)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?notice=deleted")
    response = html("")
    response.headers["HX-Reswap"] = "none"  # the dialog closes, it need not be emptied
    notify(response, "deleted")
    return response


async def _question(
    request: web.Request,
    view: ExtensionView,
    usages: Sequence[Usage],
    ticked: Collection[str] = (),
    *,
    is_refused: bool = False,
) -> web.Response:
    return await part_or_page(
        request,
        "extensions/delete.html",
        "question.html",
        title="Delete",
        status=422 if is_refused else 200,
        extension=view,
        usages=usages,
        ticked=ticked,
        is_refused=is_refused,
        known=KNOWN,
    )
