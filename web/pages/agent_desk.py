"""Logging an agent in and out, pausing, from the portal: for managers. The service audits it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

from aiohttp import web

from pbxbridge.errors import AsteriskUnavailable, Conflict, Invalid
from pbxbridge.services.call_centre.agent_desk import phones_for_agents
from web.access import signed_in
from web.managers import require_manager
from web.portal import actor_of, portal_of
from web.render import part_or_page
from web.requests import read_form

ONE = "/agents/{number:[0-9]+}"
# So many phones are offered; any other can be typed.
MOST_OFFERED = 200


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get(f"{ONE}/desk", show),
        web.post(f"{ONE}/log-in", log_in),
        web.post(f"{ONE}/log-out", log_out),
        web.post(f"{ONE}/pause", pause),
        web.post(f"{ONE}/ready", ready),
    ]


@signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """Show what an agent does, and what can be done about it."""
    await require_manager(request)
    return await _desk(request)


@signed_in
async def log_in(request: web.Request) -> web.StreamResponse:
    """Log an agent in at the phone of an extension."""
    await require_manager(request)
    form = await read_form(request)
    number, phone = request.match_info["number"], form.get("extension", "")
    work = portal_of(request).agent_desk.log_in(actor_of(request), number, phone)
    return await _done(request, work, f"Agent {number} is logged in at {phone}.", form)


@signed_in
async def log_out(request: web.Request) -> web.StreamResponse:
    """Log an agent out."""
    await require_manager(request)
    number = request.match_info["number"]
    work = portal_of(request).agent_desk.log_out(actor_of(request), number)
    return await _done(request, work, f"Agent {number} is logged out.", await read_form(request))


@signed_in
async def pause(request: web.Request) -> web.StreamResponse:
    """Have an agent get no more calls."""
    await require_manager(request)
    form, number = await read_form(request), request.match_info["number"]
    reason = form.get("reason", "")
    work = portal_of(request).agent_desk.pause(actor_of(request), number, reason)
    return await _done(request, work, f"Agent {number} is paused.", form)


@signed_in
async def ready(request: web.Request) -> web.StreamResponse:
    """Have an agent get calls again."""
    await require_manager(request)
    number = request.match_info["number"]
    work = portal_of(request).agent_desk.ready(actor_of(request), number)
    return await _done(request, work, f"Agent {number} gets calls.", await read_form(request))


async def _done(
    request: web.Request, work: Awaitable[None], done: str, typed: Mapping[str, str]
) -> web.Response:
    try:
        await work
    except Invalid as invalid:
        return await _desk(request, typed=typed, errors=invalid.fields)
    except (AsteriskUnavailable, Conflict) as why:
        return await _desk(request, typed=typed, errors={"": str(why)})
    return await _desk(request, done=done)


async def _desk(
    request: web.Request,
    *,
    done: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> web.Response:
    portal, number = portal_of(request), request.match_info["number"]
    agent = await portal.agents.get(number)
    return await part_or_page(
        request,
        "agent_desk/desk.html",
        "question.html",
        title=f"Agent {number}",
        status=422 if errors else 200,
        agent=agent.fields,
        presence=portal.queue_board.agent(number),
        queues=await portal.agents.queues_of(number),
        phones=(await phones_for_agents())[:MOST_OFFERED],
        reasons=portal.agent_desk.reasons,
        typed=typed or {},
        errors=errors or {},
        done=done,
    )
