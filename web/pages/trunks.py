"""The Trunks screen: the lines to carriers, and below them where calls to unknown DIDs go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pbxbridge.services.calling.inputs import TrunkInput
from pbxbridge.services.calling.records import Records, Stored
from web.pages.inbound import inbound_form
from web.portal import Portal
from web.record_screen import RecordScreen


class _Trunks(RecordScreen):
    path = "/trunks"
    input = TrunkInput
    title = "Trunks"
    about = "Lines to carriers by SIP. Routes send calls out by them."
    loses = "Calls neither come in nor go out by it any more."
    columns = 7
    texts = (
        "description",
        "host",
        "port",
        "username",
        "secret",
        "caller_id",
        "addresses",
    )
    ticks = ("registers", "monitored")
    list_page = "trunks/list.html"

    def records(self, portal: Portal) -> Records[Any, Any]:
        return portal.trunks

    async def also(self, portal: Portal, record: Stored[Any]) -> object:
        return portal.board.state_of(portal.trunks.endpoint_of(record.fields.name))

    async def around(self, portal: Portal) -> Mapping[str, object]:
        return await inbound_form(portal)


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return _Trunks().routes()
