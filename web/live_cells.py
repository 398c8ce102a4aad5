"""The cells of a row that follow its endpoint's state, for whoever shows such a row."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from aiohttp import web
from jinja2 import Environment

from pbxbridge.mirror.call_board import CallState
from pbxbridge.mirror.shown import ShownState
from web.agent_cells import flag_cell
from web.portal import portal_of
from web.render import TEMPLATES


def cells_of(request: web.Request, number: str) -> Mapping[str, str]:
    """Return the cells of one row as they are now, by element id."""
    templates, portal = request.config_dict[TEMPLATES], portal_of(request)
    call = _call(templates, portal.calls.state_of(number))
    return {
        **flag_cell(request, number),
        **_cells(templates, portal.board.state_of(number)),
        f"call-{number}": call,
        f"tools-call-{number}": call,
    }


# In a storm many browsers are told the same. No more than what is shown on a page or two: a number
# that somebody asks for need not be one.
@lru_cache(maxsize=2000)
def _cells(templates: Environment, state: ShownState) -> Mapping[str, str]:
    number = state.endpoint
    return {
        f"status-{number}": templates.get_template("extensions/status.html").render(state=state),
        f"ip-{number}": templates.get_template("extensions/ip.html").render(state=state),
        f"port-{number}": str(state.port or ""),
    }


@lru_cache
def _call(templates: Environment, call: CallState | None) -> str:
    return templates.get_template("extensions/call.html").render(call=call)
