"""My extension: what a person has on the PBX, and the little of it that they may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from pbxbridge.errors import Invalid
from pbxbridge.mirror.shown import ShownState
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.voicemail.store import Counts
from web.access import signed_in
from web.navigation import ME
from web.notices import notice_of, notify
from web.own_extensions import own_extensions, own_mailbox
from web.pages.extension_form import CHOICES, LABELS
from web.portal import SESSION, actor_of, portal_of
from web.render import fragment, html, page
from web.requests import read_form, wants_fragment

REPEAT_DIFFERS = "This is not the same as above."


@dataclass(frozen=True, slots=True)
class OwnExtension:
    """An extension; ``counts`` of its messages is None if there is no voicemail to be read now."""

    view: ExtensionView
    state: ShownState
    counts: Counts | None
    errors: Mapping[str, str] = field(default_factory=dict)


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(ME, show_me), web.post(f"{ME}/{{number}}/pin", change_pin)]


@signed_in
async def show_me(request: web.Request) -> web.StreamResponse:
    """Show the extensions of the person who is signed in."""
    return await _me(request)


@signed_in
async def change_pin(request: web.Request) -> web.StreamResponse:
    """Change the PIN of the voicemail."""
    number = (await own_mailbox(request)).number
    if errors := await _change(request, number, await read_form(request)):
        if wants_fragment(request):
            return _pin_form(request, number, errors, status=422)
        return await _me(request, number, errors, status=422)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{ME}?notice=pin-changed")
    response = _pin_form(request, number, {})
    notify(response, "pin-changed")
    return response


async def _change(request: web.Request, number: str, form: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong, by the name of the form's field; nothing if the PIN was changed."""
    pin = form.get("pin", "").strip()
    if form.get("repeat", "").strip() != pin:
        return {"repeat": REPEAT_DIFFERS}
    try:
        await portal_of(request).extensions.change_own_pin(actor_of(request), number, pin)
    except Invalid as invalid:
        return {"pin": " ".join(invalid.fields.values())}
    return {}


def _pin_form(
    request: web.Request, number: str, errors: Mapping[str, str], status: int = 200
) -> web.Response:
    return html(fragment(request, "me/pin.html", number=number, errors=errors), status)


async def _me(
    request: web.Request,
    number: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> web.StreamResponse:
    """Return the page; ``errors`` are those of the PIN typed for ``number``."""
    wrong = {number: errors or {}}
    mine = [
        OwnExtension(
            view,
            portal_of(request).board.state_of(view.number),
            await portal_of(request).boxes.counts(view.number) if view.voicemail else None,
            wrong.get(view.number, {}),
        )
        for view in await own_extensions(request)
    ]
    return await page(
        request,
        "me/me.html",
        status=status,
        mine=mine,
        labels=LABELS,
        choices=CHOICES,
        login=request[SESSION].login,
        notice=notice_of(request),
    )
