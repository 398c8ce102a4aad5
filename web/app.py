"""The portal as an aiohttp application: routes, and what happens to every request."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from web import api
from web import routes as names
from web.api.problems import problems
from web.middleware.authorize import authorize
from web.middleware.csrf import csrf
from web.middleware.errors import errors
from web.middleware.security_headers import add_security_headers
from web.middleware.session import session
from web.navigation import NAVIGATION, make_navigation
from web.pages import (
    agent_desk,
    agents,
    alerts,
    api_tokens,
    audit,
    classes,
    extension_bulk,
    extension_calls,
    extension_delete,
    extension_editor,
    extension_invitation,
    extension_phone,
    extension_preview,
    extension_secret,
    extension_tools,
    extensions,
    feature_codes,
    groups,
    health,
    home,
    inbound,
    invitation,
    live,
    me,
    outbound_routes,
    outbox,
    password,
    phones,
    profile,
    provisioning,
    queue_calls,
    queues,
    reset,
    second_factor,
    sessions,
    sign_in,
    simulator,
    transfer,
    trunks,
    user_credentials,
    users,
    voicemail,
    voicemail_boxes,
    wallboard,
)
from web.portal import PORTAL, LiveTimes, Portal
from web.render import TEMPLATES, make_templates

__all__ = ["LiveTimes", "Portal", "make_app"]

# The largest form of the portal is well under 2 kB.
LARGEST_BODY = 64 * 1024


def make_app(deps: Portal) -> web.Application:
    """Build the portal. The caller runs it, and closes what it put into ``deps`` afterwards."""
    app = web.Application(
        # Outermost first: an error of any of them becomes a page, or a problem document of the API;
        # a form's token is checked against the session that was found, for a handler that this
        # person may call.
        middlewares=[errors, problems, session, authorize, csrf],
        client_max_size=LARGEST_BODY,
    )
    app[PORTAL] = deps
    app[TEMPLATES] = make_templates()
    app[live.STREAMS] = live.Streams()
    app[provisioning.DOOR] = provisioning.Door(deps.phone_settings)
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(live.close_streams)
    app.router.add_static("/static", Path(__file__).parent / "static", name=names.STATIC)
    app.router.add_routes(_routes())
    app[NAVIGATION] = make_navigation(app.router)
    return app


def _routes() -> list[web.RouteDef]:
    """Return the routes of every page module: a new one is one more line."""
    return [
        *home.routes(),
        *health.routes(),
        *live.routes(),
        *sign_in.routes(),
        *reset.routes(),
        *invitation.routes(),
        *password.routes(),
        *profile.routes(),
        *second_factor.routes(),
        *sessions.routes(),
        *api_tokens.routes(),
        *extension_editor.routes(),
        *extension_bulk.routes(),
        *extension_calls.routes(),
        *extension_delete.routes(),
        *extension_invitation.routes(),
        *extension_secret.routes(),
        *extension_tools.routes(),
        *extension_phone.routes(),
        *extension_preview.routes(),
        *extensions.routes(),
        *phones.routes(),
        *provisioning.routes(),
        *alerts.routes(),
        *users.routes(),
        *user_credentials.routes(),
        *me.routes(),
        *voicemail.routes(),
        *voicemail_boxes.routes(),
        *classes.routes(),
        *simulator.routes(),
        *outbound_routes.routes(),
        *trunks.routes(),
        *inbound.routes(),
        *groups.routes(),
        *feature_codes.routes(),
        *wallboard.routes(),
        *agent_desk.routes(),
        *agents.routes(),
        *queues.routes(),
        *queue_calls.routes(),
        *transfer.routes(),
        *outbox.routes(),
        *audit.routes(),
        *api.routes(),
    ]
