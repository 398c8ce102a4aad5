"""Who may look after agents and queues: staff, and users whose agent is a manager."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import Forbidden
from pbxbridge.services.people import Role
from web.portal import SESSION, portal_of


async def may_manage(request: web.Request) -> bool:
    """Whether this person may log agents in and out, pause them, and read their calls."""
    session = request[SESSION]
    if session.role is not Role.USER:
        return True
    agents = portal_of(request).agents
    number = await agents.agent_of(session.login)
    return number is not None and agents.is_manager(number)


async def require_manager(request: web.Request) -> None:
    """Let through who may manage. Raises Forbidden."""
    if not await may_manage(request):
        raise Forbidden("This is for managers of the call centre. Ask an administrator.")
