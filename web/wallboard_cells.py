"""What the wallboard shows of a queue, for its page and for the live stream."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from aiohttp import web
from jinja2 import Environment

from pbxbridge.services.call_centre.queue_view import QueueView
from web.agent_words import STATES
from web.portal import portal_of
from web.render import TEMPLATES, as_id, fragment

ALL = "*"


def cells_of(
    request: web.Request, views: list[QueueView], *, with_members: bool, may_manage: bool
) -> dict[str, str]:
    """Return the changing parts of these queues by element id."""
    templates = request.config_dict[TEMPLATES]
    cells = {f"queue-{as_id(view.facts.name)}": _figures(templates, view) for view in views}
    if with_members:
        for view in views:
            cells[f"members-{as_id(view.facts.name)}"] = _members(templates, view, may_manage)
    return cells


def unheard_cell(request: web.Request) -> dict[str, str]:
    """Return the banner that says which figures are old."""
    return {"unheard": fragment(request, "wallboard/unheard.html", **unheard(request))}


def unheard(request: web.Request) -> dict[str, Any]:
    """Return what the banner is made of."""
    portal = portal_of(request)
    return {"nodes": portal.wallboard.unheard, "is_one": len(portal.board.links) == 1}


# A view is made once for all who watch (services/call_centre/wallboard.py), and so is its HTML.
@lru_cache(maxsize=500)
def _figures(templates: Environment, view: QueueView) -> str:
    return templates.get_template("wallboard/figures.html").render(
        queue=view, words=STATES, now=None
    )


@lru_cache(maxsize=100)
def _members(templates: Environment, view: QueueView, may_manage: bool) -> str:
    template = templates.get_template("wallboard/members.html")
    return template.render(queue=view, words=STATES, may_manage=may_manage)
