"""The Routes screen: which numbers go out, changed how, and by which trunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pbxbridge.services.calling.inputs import RouteInput
from pbxbridge.services.calling.records import Records, Stored
from web.portal import Portal
from web.record_screen import RecordScreen


class _Routes(RecordScreen):
    path = "/routes"
    input = RouteInput
    title = "Routes"
    about = "Numbers that go out. The closest pattern decides; classes of service say who may."
    loses = "Its numbers go by the next closest pattern, if there is one."
    columns = 7
    texts = ("description", "pattern", "strip", "prepend", "trunks")
    ticks = ("emergency",)

    def records(self, portal: Portal) -> Records[Any, Any]:
        return portal.routes

    def typed(self, form: Mapping[str, str], *, is_new: bool = False) -> dict[str, object]:
        values = super().typed(form, is_new=is_new)
        return values | ({"strip": "0"} if values.get("strip") == "" else {})

    async def also(self, _: Portal, record: Stored[Any]) -> object:
        return sent_words(record.fields.strip, record.fields.prepend)

    async def choices(self, portal: Portal) -> Mapping[str, object]:
        return {"trunks": [trunk.fields.name for trunk in await portal.trunks.all()]}


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return _Routes().routes()


def sent_words(strip: int, prepend: str) -> str:
    """Return what becomes of a number on its way to the trunk."""
    done = [f"strip {strip}"] if strip else []
    done += [f"prepend {prepend}"] if prepend else []
    return ", ".join(done) or "as dialled"
