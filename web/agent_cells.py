"""The cells that tell of agents: their state, and the Agent flag of extensions."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbxbridge.mirror.queue_board import Presence
from web.portal import portal_of
from web.render import TEMPLATES, as_id


def agent_cells(request: web.Request, agent: str) -> Mapping[str, str]:
    """Return the state of an agent, by element id: on the list, and in the dialog of the desk."""
    presence = portal_of(request).queue_board.agent(agent)
    state = _render(request, "agents/state.html", presence)
    return {f"{place}-state-{as_id(agent)}": state for place in ("agent", "desk")}


def flag_cell(request: web.Request, number: str) -> Mapping[str, str]:
    """Return who takes calls of queues at an extension, by element id.

    Nothing before each node was heard once, for somebody may do so there: what is shown stays.
    """
    board = portal_of(request).queue_board
    presence = board.at(number)
    if presence is None and not board.is_complete:
        return {}
    return {f"agent-{number}": _render(request, "extensions/agent.html", presence)}


def _render(request: web.Request, template: str, presence: Presence | None) -> str:
    template_ = request.config_dict[TEMPLATES].get_template(template)
    return template_.render(presence=presence, is_flagged=presence is not None)
