"""The Phone groups screen: numbers that make several extensions ring."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from pbxbridge.services.calling.inputs import GroupInput
from pbxbridge.services.calling.records import Records, Stored
from web.portal import Portal
from web.record_screen import RecordScreen


class _Groups(RecordScreen):
    path = "/groups"
    input = GroupInput
    title = "Phone groups"
    about = (
        "A number that makes all members ring. Who is a member is said at the extension, in its "
        "field Phone Group."
    )
    loses = "Its members stay as they are, without a common number."
    columns = 6
    texts = ("number", "ring_time", "fallback")

    def records(self, portal: Portal) -> Records[Any, Any]:
        return portal.groups

    async def also(self, portal: Portal, record: Stored[Any]) -> object:
        return await portal.groups.members(record.fields.name)


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return _Groups().routes()
