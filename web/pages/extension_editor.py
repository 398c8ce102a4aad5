"""The row editor of an extension: open, save, and what comes back when it cannot be saved."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.people import Role
from pbxbridge.services.voicemail.mail_choices import time_zones
from web.access import allow
from web.desk_phone import models_of, offered_makes
from web.device_history import shown_history
from web.notices import notify
from web.pages.extension_form import (
    CHOICES,
    MORE,
    WITHOUT,
    changed_meanwhile,
    device_name,
    first_wrong,
    form_values,
    new_values,
    shown_values,
    version_of,
)
from web.pages.extension_query import LIST
from web.pages.extension_secret import has_secret
from web.pages.extensions import one_row
from web.portal import actor_of, portal_of
from web.render import fragment, html, part_or_page
from web.requests import read_form, wants_fragment

ONE_ROW = "extensions/one_row.html"
# So many logins are offered at once; typing brings others.
MOST_LOGINS = 20


def routes() -> list[web.RouteDef]:
    """Return what this module serves. A number has no hyphen, so none is taken for these."""
    one = f"{LIST}/{{number:[0-9a-z]+}}"
    return [
        web.get(f"{LIST}/new-extension", show_new),
        web.get(f"{LIST}/user-names", show_logins),
        web.get(f"{LIST}/time-zones", show_time_zones),
        web.get(f"{LIST}/phone-models", show_models),
        web.post(LIST, create),
        web.get(f"{one}/edit", show_editor),
        web.get(f"{one}/facts", show_facts),
        web.post(one, update),
    ]


@allow(Role.ADMIN)
async def show_new(request: web.Request) -> web.StreamResponse:
    """Open the editor of a new extension."""
    return await _editor(request, None, {})


@allow(Role.ADMIN, Role.OPERATOR)
async def show_editor(request: web.Request) -> web.StreamResponse:
    """Open the editor of one extension; neither PIN nor secret is ever sent."""
    view = await portal_of(request).extensions.get(request.match_info["number"])
    return await _editor(request, view, {})


@allow(Role.ADMIN, Role.OPERATOR)
async def show_facts(request: web.Request) -> web.StreamResponse:
    """Show what is known of the device now, for an editor that is open."""
    view = await portal_of(request).extensions.get(request.match_info["number"])
    state = portal_of(request).board.state_of(view.number)
    template = "extensions/device_state.html"
    return html(fragment(request, template, state=state, registers=has_secret(view)))


@allow(Role.ADMIN, Role.OPERATOR)
async def show_logins(request: web.Request) -> web.StreamResponse:
    """Offer what the last of the typed logins may become, with those before it in front."""
    typed = request.query.get("users", request.query.get("user", ""))[:1000]
    before, comma, last = typed.rpartition(",")
    found = await portal_of(request).users.page(last.strip(), per_page=MOST_LOGINS)
    front = f"{before}{comma} " if comma else ""
    offers = [front + user.login for user in found.items]
    return html(fragment(request, "extensions/logins.html", logins=offers))


@allow(Role.ADMIN, Role.OPERATOR)
async def show_time_zones(request: web.Request) -> web.StreamResponse:
    """Offer all time zones: too many to be sent with each editor, most of which need none."""
    return html(fragment(request, "extensions/time_zones.html", zones=time_zones()))


@allow(Role.ADMIN, Role.OPERATOR)
async def show_models(request: web.Request) -> web.StreamResponse:
    """Offer the models of the make that is chosen, of all if it is none of the list."""
    models = models_of(portal_of(request).desk_phones.makes, request.query.get("phone_make", ""))
    return html(fragment(request, "extensions/models.html", models=models))


@allow(Role.ADMIN)
async def create(request: web.Request) -> web.StreamResponse:
    """Create an extension, and show what its device must be told."""
    extensions, actor = portal_of(request).extensions, actor_of(request)
    typed = form_values(await read_form(request))
    try:
        view, secret = await extensions.create(actor, parse_extension(typed))
    except Invalid as invalid:
        return await _editor(request, None, typed, invalid.fields)
    response = await part_or_page(
        request,
        "extensions/created.html",
        ONE_ROW,
        title="New extension",
        extension=view,
        state=portal_of(request).board.state_of(view.number),
        secret=secret if has_secret(view) else "",
        device=device_name(view),
        user_name=view.number,
        is_new=False,
        can_hide=False,
    )
    notify(response, "created")
    return response


@allow(Role.ADMIN)
async def update(request: web.Request) -> web.StreamResponse:
    """Save an extension; what was saved since the editor was opened is not written over unseen."""
    extensions, number = portal_of(request).extensions, request.match_info["number"]
    form = await read_form(request)
    typed = form_values(form)
    try:
        view = await extensions.update(actor_of(request), number, typed, version=version_of(form))
    except Invalid as invalid:
        return await _editor(request, await extensions.get(number), typed, invalid.fields)
    except Conflict as stale:
        return await _editor(request, await extensions.get(number), typed, {"": str(stale)}, True)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?search={number}&notice=saved")
    response = one_row(request, view)
    notify(response, "saved")
    return response


async def _editor(
    request: web.Request,
    view: ExtensionView | None,
    typed: Mapping[str, object],
    errors: Mapping[str, str] | None = None,
    is_stale: bool = False,
) -> web.Response:
    """Return the editor with what was typed rather than what is saved.

    It carries the present version, so who saves again after a warning means it.
    """
    portal, errors = portal_of(request), errors or {}
    stored = shown_values(view) if view else new_values()
    now = changed_meanwhile(view, typed) if view and is_stale else {}
    logins = await portal.users.page(per_page=MOST_LOGINS)
    values, makes = stored | dict(typed), portal.desk_phones.makes
    offered = offered_makes(makes, str(values["phone_make"]))
    return await part_or_page(
        request,
        "extensions/editor.html",
        ONE_ROW,
        title=f"Extension {view.number}" if view else "New extension",
        status=422 if errors else 200,
        extension=view,
        state=portal.board.state_of(view.number) if view else None,
        has_secret=view is not None and has_secret(view),
        history=await shown_history(portal.history, view.number) if view else [],
        kept_days=portal.history.keep.days,
        values=values,
        errors=errors,
        now=now,
        focus=first_wrong(errors, now) or ("caller_id_name" if view else "number"),
        is_more_open=any(name in errors or name in now for name in MORE)
        or any(stored[name] != value for name, value in new_values().items() if name in MORE),
        without=WITHOUT,
        choices={**CHOICES, "phone_make": offered},
        makes=offered,
        models=models_of(makes),
        classes=await portal.extensions.classes_of_service(),
        groups=await portal.extensions.phone_groups(),
        logins=[user.login for user in logins.items],
    )
