"""One's own second factor: set up with an authenticator app, and switched off."""

from __future__ import annotations

from aiohttp import web
from markupsafe import Markup

from pbxbridge.errors import Invalid
from pbxbridge.services.second_factor import Enrolment
from web.access import signed_in
from web.navigation import PROFILE
from web.pages.profile import profile_page
from web.portal import actor_of, portal_of
from web.render import page
from web.requests import read_form

PATH = f"{PROFILE}/second-factor"


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get(PATH, set_up),
        web.post(PATH, confirm),
        web.post(f"{PATH}/off", switch_off),
    ]


@signed_in
async def set_up(request: web.Request) -> web.StreamResponse:
    """Show a new secret, as a QR code and as text; it counts once a code confirmed it."""
    return await _form(request, await _begin(request), {})


@signed_in
async def confirm(request: web.Request) -> web.StreamResponse:
    """Switch the second factor on if the code fits."""
    form = await read_form(request)
    service, actor = portal_of(request).second_factor, actor_of(request)
    secret = form.get("secret", "")
    try:
        await service.confirm(actor, secret, form.get("code", ""))
    except Invalid as invalid:
        if "code" not in invalid.fields:
            return await _form(request, await _begin(request), invalid.fields)
        # The app may have this secret by now: a wrong code must not make it worthless.
        return await _form(request, await service.resume(actor, secret), invalid.fields)
    raise web.HTTPSeeOther(f"{PROFILE}?notice=second-factor-on")


@signed_in
async def switch_off(request: web.Request) -> web.StreamResponse:
    """Switch it off, after the password."""
    form = await read_form(request)
    try:
        await portal_of(request).second_factor.switch_off(
            actor_of(request), form.get("password", "")
        )
    except Invalid as invalid:
        return await profile_page(request, 422, factor_errors=invalid.fields)
    raise web.HTTPSeeOther(f"{PROFILE}?notice=second-factor-off")


async def _begin(request: web.Request) -> Enrolment:
    return await portal_of(request).second_factor.begin(actor_of(request))


async def _form(request: web.Request, enrolment: Enrolment, errors: dict[str, str]) -> web.Response:
    return await page(
        request,
        "profile/second_factor.html",
        status=422 if errors else 200,
        secret=enrolment.secret,
        # Drawn by the service out of squares: there is no text in it that could be markup.
        qr_code=Markup(enrolment.svg),  # noqa: S704
        errors=errors,
    )
