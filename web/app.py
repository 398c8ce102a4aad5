"""The portal as an aiohttp application: routes, and what happens to every request."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from web import routes
from web.middleware.csrf import csrf
from web.middleware.errors import errors
from web.middleware.security_headers import add_security_headers
from web.middleware.session import session
from web.pages import extension_secret, extensions, health, live, password, sign_in
from web.portal import PORTAL, LiveTimes, Portal
from web.render import TEMPLATES, make_templates
from web.requests import HOME

__all__ = ["LiveTimes", "Portal", "make_app"]

# The largest form of the portal is well under 2 kB.
LARGEST_BODY = 64 * 1024


def make_app(deps: Portal) -> web.Application:
    """Build the portal. The caller runs it, and closes what it put into ``deps`` afterwards."""
    app = web.Application(
        # Outermost first: an error of any of them becomes a page, and a form's token is checked
        # against the session that was found.
        middlewares=[errors, session, csrf],
        client_max_size=LARGEST_BODY,
    )
    app[PORTAL] = deps
    app[TEMPLATES] = make_templates()
    app[live.STREAMS] = live.Streams()
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(live.close_streams)
    _add_routes(app.router)
    return app


def _add_routes(router: web.UrlDispatcher) -> None:
    router.add_get("/healthz", health.health, name=routes.HEALTH)
    router.add_static("/static", Path(__file__).parent / "static", name=routes.STATIC)

    entrance = router.add_resource("/sign-in", name=routes.SIGN_IN)
    entrance.add_route("GET", sign_in.show_sign_in)
    entrance.add_route("POST", sign_in.sign_in)
    router.add_post("/sign-out", sign_in.sign_out, name=routes.SIGN_OUT)
    own_password = router.add_resource(routes.PASSWORD_PATH, name=routes.PASSWORD)
    own_password.add_route("GET", password.show_password)
    own_password.add_route("POST", password.change_password)

    router.add_get("/", _home)
    router.add_get("/live", live.live, name=routes.LIVE, allow_head=False)
    router.add_get("/extensions", extensions.show_list)
    router.add_post("/extensions", extensions.create)
    router.add_get("/extensions/new", extensions.show_new)
    one = "/extensions/{number:[0-9]+}"
    router.add_get(one, extensions.show_row)
    router.add_post(one, extensions.update)
    router.add_get(f"{one}/edit", extensions.show_editor)
    router.add_get(f"{one}/delete", extensions.ask_delete)
    router.add_post(f"{one}/delete", extensions.delete)
    router.add_post(f"{one}/secret", extension_secret.show_secret)
    router.add_post(f"{one}/secret/new", extension_secret.regenerate_secret)


async def _home(_: web.Request) -> web.StreamResponse:
    raise web.HTTPSeeOther(HOME)
