"""Short sentences that tell a person what was done."""

import json

from aiohttp import web

NOTICES = {
    "created": "Extension created",
    "saved": "Changes saved",
    "deleted": "Extension deleted",
    "password-changed": "Password changed",
}


def notify(response: web.Response, notice: str) -> None:
    """Have htmx announce the notice: it fires the event ``notice`` in the page.

    Source: htmx, the response header HX-Trigger.
    """
    response.headers["HX-Trigger"] = json.dumps({"notice": {"text": NOTICES[notice]}})
