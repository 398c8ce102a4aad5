"""What the address of the list of extensions says: search, filters, order, page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from pbxbridge.mirror.board import Board
from pbxbridge.mirror.endpoint import Status
from pbxbridge.services.device_types import DeviceType
from pbxbridge.services.extension_list import ExtensionFilter, Sort
from web.list_address import changed_address, direction_of, turned
from web.requests import SEARCH_LENGTH, page_of, search_of

LIST = "/extensions"
PAGE_SIZES = (25, 50, 100, 200)
USUAL_SIZE = 50
# In the address `-number` is the order of `number` the other way round.
SORTS: dict[str, Sort] = {
    "number": "number",
    "caller_id_name": "caller_id_name",
    "device_type": "device_type",
    "class_of_service": "class_of_service",
}
# By name, since the value of BLANK is empty.
STATES = {
    "OK": "OK",
    "UNREACHABLE": "UNREACHABLE",
    "UNKNOWN": "UNKNOWN",
    "UNMONITORED": "UNMONITORED",
    "BLANK": "Not registered",
}


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The parameters of the address by their names there; what is empty or usual is left out."""

    search: str = ""
    state: str = ""
    device_type: str = ""
    class_of_service: str = ""
    user: str = ""
    sort: str = "number"
    per_page: int = USUAL_SIZE
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out of the list."""
        return bool(self.filters)

    @property
    def filters(self) -> dict[str, str]:
        """Return the parameters that leave something out."""
        names = ("search", "state", "device_type", "class_of_service", "user")
        return {name: str(value) for name in names if (value := getattr(self, name))}

    @property
    def column(self) -> str:
        """Return the column that is sorted by."""
        return self.sort.removeprefix("-")

    @property
    def direction(self) -> str:
        """Return the order as ARIA's aria-sort says it."""
        return direction_of(self.sort)

    def url(self, **changes: Any) -> str:
        """Return the address after a change (list_address.py)."""
        return changed_address(LIST, self, **changes)

    def sorted_by(self, column: str) -> str:
        """Return the address that sorts by a column, or turns its order."""
        return self.url(sort=turned(self.sort, column))

    def wanted(self, board: Board) -> ExtensionFilter:
        """Return the filter for the service; which device is in what state is on the board."""
        return ExtensionFilter(
            search=self.search,
            device_type=self.device_type,
            class_of_service=self.class_of_service,
            user=self.user,
            among=board.numbers_with(Status[self.state]) if self.state else None,
            sort=SORTS[self.column],
            descending=self.sort.startswith("-"),
        )


def list_query(request: web.Request) -> ListQuery:
    """Read the address; what is not understood is as if it were not there."""
    given = request.query
    state, sort = given.get("state", ""), given.get("sort", "")
    device_type, size = given.get("device_type", ""), given.get("per_page", "")
    return ListQuery(
        search=search_of(request),
        state=state if state in STATES else "",
        device_type=device_type if device_type in set(DeviceType) else "",
        class_of_service=_line(given.get("class_of_service", "")),
        user=_line(given.get("user", "")),
        sort=sort if sort.removeprefix("-") in SORTS else "number",
        per_page=int(size) if size in map(str, PAGE_SIZES) else USUAL_SIZE,
        page=page_of(request),
    )


def _line(typed: str) -> str:
    return "".join(one for one in typed[:SEARCH_LENGTH] if one.isprintable()).strip()
