"""Who may see the wallboard: staff, and users who are agents."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import Forbidden
from pbxbridge.services.people import Role
from web.navigation import CALL_CENTRE, CALL_LOG
from web.portal import SESSION, portal_of


async def may_watch(request: web.Request) -> bool:
    """Whether this person may see the wallboard."""
    session = request[SESSION]
    if session.role is not Role.USER:
        return True
    return await portal_of(request).agents.agent_of(session.login) is not None


async def require_watcher(request: web.Request) -> None:
    """Let through who may see the wallboard. Raises Forbidden."""
    if not await may_watch(request):
        raise Forbidden("The wallboard is for agents. Ask an administrator.")


async def shut_pages(request: web.Request) -> frozenset[str]:
    """Return pages that this person may not open though others of their role may."""
    session = request[SESSION]
    if session.role is not Role.USER:
        return frozenset()
    agents = portal_of(request).agents
    number = await agents.agent_of(session.login)
    if number is None:
        return frozenset({CALL_CENTRE, CALL_LOG})
    return frozenset() if agents.is_manager(number) else frozenset({CALL_LOG})
