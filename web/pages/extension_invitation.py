"""The invitation to set up the softphone of an extension: shown, sent, sent anew, revoked."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbxbridge.errors import Invalid
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.people import Role
from web.access import allow
from web.notices import notify
from web.pages.extension_query import LIST
from web.portal import actor_of, portal_of
from web.render import html, part_or_page
from web.requests import read_form, wants_fragment


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{number:[0-9a-z]+}}/invitation"
    return [web.get(one, show), web.post(one, send), web.post(f"{one}/revoke", revoke)]


@allow(Role.ADMIN)
async def show(request: web.Request) -> web.StreamResponse:
    """Show how far the invitation is, and what can be done about it."""
    view = await portal_of(request).extensions.get(request.match_info["number"])
    recipient = await portal_of(request).invitations.suggested_recipient(view)
    return await _dialog(request, view, recipient)


@allow(Role.ADMIN)
async def send(request: web.Request) -> web.StreamResponse:
    """Store the mail; the row shows by itself what becomes of it."""
    number = request.match_info["number"]
    recipient = (await read_form(request)).get("recipient", "")
    try:
        await portal_of(request).invitations.send(actor_of(request), number, recipient)
    except Invalid as invalid:
        view = await portal_of(request).extensions.get(number)
        return await _dialog(request, view, recipient, invalid.fields)
    return _done(request, number, "invitation-sent")


@allow(Role.ADMIN)
async def revoke(request: web.Request) -> web.StreamResponse:
    """See to it that the link opens nothing any more."""
    number = request.match_info["number"]
    await portal_of(request).invitations.revoke(actor_of(request), number)
    return _done(request, number, "invitation-revoked")


def _done(request: web.Request, number: str, notice: str) -> web.Response:
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?search={number}&notice={notice}")
    response = html("")
    response.headers["HX-Reswap"] = "none"  # the dialog closes, it need not be emptied
    notify(response, notice)
    return response


async def _dialog(
    request: web.Request,
    view: ExtensionView,
    recipient: str,
    errors: Mapping[str, str] | None = None,
) -> web.Response:
    portal = portal_of(request)
    return await part_or_page(
        request,
        "extensions/invitation.html",
        "question.html",
        title="Invitation",
        status=422 if errors else 200,
        extension=view,
        invitation=await portal.invitations.newest(view.number),
        why_not=portal.invitations.why_not(view),
        application=portal.invitations.softphone.application,
        state=portal.board.state_of(view.number),
        recipient=recipient,
        errors=errors or {},
    )
