"""The list of all voicemail boxes: how full they are, and what became of their last mail.

It keeps itself up to date as every list. Who called is told to nobody but the box's owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from pbxbridge.services.people import Role
from pbxbridge.services.voicemail.boxes import Sort
from web.access import allow
from web.list_address import changed_address, direction_of, turned
from web.navigation import VOICEMAIL
from web.pages import outbox
from web.pages.extension_form import CHOICES
from web.portal import portal_of
from web.render import page
from web.requests import page_of, search_of

LIST = f"{VOICEMAIL}/boxes"
PER_PAGE = 50
SORTS: dict[str, Sort] = {"number": "number", "caller_id_name": "caller_id_name"}


@dataclass(frozen=True, slots=True)
class BoxQuery:
    """The parameters of the address; what is empty or usual is left out of it.

    ``sort`` is a column, with a ``-`` before it for the order the other way round.
    """

    search: str = ""
    sort: str = "number"
    page: int = 1

    @property
    def column(self) -> Sort:
        """Return the column that is sorted by."""
        return SORTS[self.sort.removeprefix("-")]

    @property
    def direction(self) -> str:
        """Return the order as ARIA's aria-sort says it."""
        return direction_of(self.sort)

    def url(self, **changes: Any) -> str:
        """Return the address after a change (list_address.py)."""
        return changed_address(LIST, self, **changes)

    def sorted_by(self, column: Sort) -> str:
        """Return the address that sorts by a column, or turns its order."""
        return self.url(sort=turned(self.sort, column))


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(LIST, show_list)]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the boxes, as the address says."""
    query = box_query(request)
    found = await portal_of(request).boxes.page(
        query.search,
        query.page,
        PER_PAGE,
        sort=query.column,
        descending=query.sort.startswith("-"),
    )
    return await page(
        request,
        "voicemail/boxes.html",
        found=found,
        query=query,
        states=outbox.STATES,
        choices=CHOICES,
        outbox=outbox.LIST,
    )


def box_query(request: web.Request) -> BoxQuery:
    """Read the address; what is not understood is as if it were not there."""
    sort = request.query.get("sort", "")
    return BoxQuery(
        search=search_of(request),
        sort=sort if sort.removeprefix("-") in SORTS else "number",
        page=page_of(request),
    )
