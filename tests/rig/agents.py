"""What tests type of agents, and a portal whose Asterisk takes every action."""

from __future__ import annotations

from dataclasses import replace

from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.agent_desk import AgentDesk
from pbxbridge.services.call_centre.agents import Agents
from tests.fakes.ami_actions import AmiActions
from tests.rig.call_centre import REASONS
from web.app import Portal

ADA = {"number": "101", "first_name": "Ada", "last_name": "Lovelace", "pin": "90817263"}


async def with_agents(portal: Portal, admin: Actor, *numbers: str, **fields: str) -> None:
    """Have agents with these numbers."""
    for number in numbers:
        await portal.agents.create(admin, {**ADA, "number": number, **fields})


def managed(portal: Portal, link: AmiActions, total: int | None = None) -> Portal:
    """Return the portal with 101 for a manager, and an Asterisk behind ``link``."""
    return replace(
        portal,
        agents=Agents(portal.bus, total, {"101"}),
        agent_desk=AgentDesk(lambda _: link, portal.board, portal.queue_board, REASONS),
    )
