"""Short sentences that tell a person what was done."""

import json

from aiohttp import web

from web.render import html
from web.requests import wants_fragment

NOTICES = {
    "created": "Extension created",
    "saved": "Changes saved",
    "deleted": "Extension deleted",
    "all-saved": "All changes saved",
    "password-changed": "Password changed",
    "user-created": "User created",
    "user-deleted": "User deleted",
    "second-factor-on": "Second factor switched on",
    "second-factor-off": "Second factor switched off",
    "session-ended": "Session ended",
    "sessions-ended": "All other sessions ended",
    "token-revoked": "Token revoked",
    "message-heard": "Marked as heard",
    "message-deleted": "Message deleted",
    "pin-changed": "PIN changed",
    "undone": "Change undone",
    "mail-sent-again": "The mail will be sent again",
    "mail-sent-now": "The mail is being sent now",
    "mail-read-again": "The recording is read again",
    "mail-discarded": "Mail discarded",
    "mails-sent-again": "The mails will be sent again",
    "mail-test-sent": "Test mail stored, and on its way",
    "invitation-sent": "Invitation stored, and on its way",
    "invitation-revoked": "Invitation revoked",
    "trunk-created": "Trunk created",
    "trunk-deleted": "Trunk deleted",
    "route-created": "Route created",
    "route-deleted": "Route deleted",
    "class-of-service-created": "Class of service created",
    "class-of-service-deleted": "Class of service deleted",
    "phone-group-created": "Phone group created",
    "phone-group-deleted": "Phone group deleted",
    "agent-created": "Agent created",
    "agent-deleted": "Agent deleted",
    "queue-created": "Queue created",
    "queue-deleted": "Queue deleted",
}


def notice_of(request: web.Request) -> str:
    """Return the sentence for the notice that the address asks for; empty if there is none."""
    return NOTICES.get(request.query.get("notice", ""), "")


def notify(response: web.Response, notice: str) -> None:
    """Have htmx announce one of the NOTICES."""
    announce(response, NOTICES[notice])


def emptied(request: web.Request, page: str, notice: str) -> web.Response:
    """Answer a change after which its part of the page is empty: htmx, or who sees the page anew.

    Raises HTTPSeeOther for the latter.
    """
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{page}?notice={notice}")
    response = html("")
    notify(response, notice)
    return response


def announce(response: web.Response, text: str) -> None:
    """Have htmx announce a sentence: it fires the event ``notice`` in the page.

    Source: htmx, the response header HX-Trigger.
    """
    response.headers["HX-Trigger"] = json.dumps({"notice": {"text": text}})
