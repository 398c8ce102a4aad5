"""What the tests of the calling screens type, and what is there already."""

from __future__ import annotations

import json
import re

from aiohttp import ClientResponse

from pbxbridge.services.actor import Actor
from web.app import Portal

TRUNK = {"name": "carrier", "host": "sip.carrier.example", "port": "5060", "monitored": "on"}
ROUTE = {"name": "national", "pattern": "_0[1-9]X.", "strip": "1", "trunks": "carrier"}


async def with_trunk(portal: Portal, admin: Actor, name: str = "carrier", **fields: object) -> None:
    """Have a trunk."""
    await portal.trunks.create(admin, {"name": name, "host": f"{name}.example", **fields})


async def with_route(
    portal: Portal, admin: Actor, name: str = "national", pattern: str = "_0.", **fields: object
) -> None:
    """Have a route by the trunk ``carrier``, which is there."""
    values = {"name": name, "pattern": pattern, "trunks": ["carrier"], **fields}
    await portal.routes.create(admin, values)


def marked(text: str) -> list[str]:
    """Return the fields of a form that have an error beside them."""
    return re.findall(r'id="(\w+)-\w+-error"', text)


def notice(answer: ClientResponse) -> str:
    """Return what htmx is told to announce."""
    told: str = json.loads(answer.headers["HX-Trigger"])["notice"]["text"]
    return told


def names(text: str) -> list[str]:
    """Return the rows of a list."""
    return re.findall(r'<tbody id="record-(\w+)"', text)
