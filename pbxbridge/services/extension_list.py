"""The list of extensions: searched, filtered, sorted and paged by the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from pbxbridge.models.extension import Extension
from pbxbridge.services.extension_store import CLASS_NAME_LENGTH, views
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.user_input import LOGIN_LENGTH

# A list of numbers as long as this goes to the database; a longer one is compared here.
LISTED = 1000
DEVICE_TYPE_LENGTH = 12

Sort = Literal["number", "caller_id_name", "device_type", "class_of_service"]
SORTS: tuple[str, ...] = get_args(Sort)
_COLUMN = {
    "number": "sort_key",
    "caller_id_name": "caller_id_name",
    "device_type": "device_type",
    "class_of_service": "class_of_service_id",
}


@dataclass(frozen=True, slots=True)
class ExtensionFilter:
    """Which extensions, in which order.

    ``search`` is part of a number or a name; ``user`` is a login; ``among`` are the only numbers
    to show, None for all. Empty means any.
    """

    search: str = ""
    device_type: str = ""
    class_of_service: str = ""
    user: str = ""
    among: Collection[str] | None = None
    sort: Sort = "number"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ExtensionPage:
    """One page of the list; ``page`` counts from 1, ``total`` is over all pages."""

    items: list[ExtensionView]
    total: int
    page: int
    pages: int


async def read_page(wanted: ExtensionFilter, page: int, per_page: int) -> ExtensionPage:
    """Return one page, the last one if ``page`` is beyond the end."""
    found = _ordered(_filtered(wanted), wanted)
    if wanted.among is not None and len(wanted.among) > LISTED:
        return await _page_among(found, wanted.among, page, per_page)
    if wanted.among is not None:
        found = found.filter(number__in=list(wanted.among))
    total = await found.count()
    page, pages = _within(page, total, per_page)
    rows = await found.offset((page - 1) * per_page).limit(per_page)
    return ExtensionPage(await views(rows), total, page, pages)


def _filtered(wanted: ExtensionFilter) -> QuerySet[Extension]:
    found = Extension.all()
    if wanted.search:
        part = wanted.search
        found = found.filter(Q(number__icontains=part) | Q(caller_id_name__icontains=part))
    for column, value, longest in (
        ("device_type", wanted.device_type, DEVICE_TYPE_LENGTH),
        ("class_of_service_id", wanted.class_of_service, CLASS_NAME_LENGTH),
        ("users__login", wanted.user, LOGIN_LENGTH),
    ):
        # Tortoise refuses to look for what is longer than the column: nothing is like that.
        if value:
            found = found.filter(**{column: value} if len(value) <= longest else {"id__in": []})
    return found


def _ordered(found: QuerySet[Extension], wanted: ExtensionFilter) -> QuerySet[Extension]:
    direction = "-" if wanted.descending else ""
    columns = dict.fromkeys((_COLUMN[wanted.sort], "sort_key"))
    return found.order_by(*(direction + column for column in columns))


async def _page_among(
    found: QuerySet[Extension], among: Collection[str], page: int, per_page: int
) -> ExtensionPage:
    numbers = [
        number for number in await found.values_list("number", flat=True) if str(number) in among
    ]
    page, pages = _within(page, len(numbers), per_page)
    shown = [str(number) for number in numbers[(page - 1) * per_page : page * per_page]]
    rows = {row.number: row for row in await Extension.filter(number__in=shown)}
    items = await views([rows[number] for number in shown if number in rows])
    return ExtensionPage(items, len(numbers), page, pages)


def _within(page: int, total: int, per_page: int) -> tuple[int, int]:
    pages = max(1, -(-total // per_page))
    return min(max(1, page), pages), pages
