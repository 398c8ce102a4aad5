"""The list of extensions: searched, filtered, sorted and paged by the database.

How long a page takes does not grow with the number of extensions: nothing reads all of them unless
an exact total is asked for. The columns that decide are in an index for every order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tortoise.functions import Coalesce
from tortoise.queryset import QuerySet

from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User
from pbxbridge.services.column import fits
from pbxbridge.services.extension_search import containing, ids_with
from pbxbridge.services.extension_store import shown_views
from pbxbridge.services.extension_view import ExtensionView, number_of
from pbxbridge.services.paging import within
from pbxbridge.services.user_extensions import linked_to

# A list of numbers as long as this goes to the database; with a longer one, the database's list is
# walked along and compared here.
LISTED = 1000
# How far such a walk looks at first, and at most at once.
STEP = range(200, 20_000)

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

    ``search`` is part of a number or a name; ``user`` is a login; ``voicemail`` asks for those with
    a box; ``among`` are the only numbers to show, None for all; they may become others while a page
    is read. Empty means any.
    """

    search: str = ""
    device_type: str = ""
    class_of_service: str = ""
    user: str = ""
    voicemail: bool = False
    among: Collection[str] | None = None
    sort: Sort = "number"
    descending: bool = False

    @property
    def is_by_column(self) -> bool:
        """Whether something other than ``among`` leaves extensions out."""
        columns = (self.search, self.device_type, self.class_of_service, self.user, self.voicemail)
        return any(columns)


@dataclass(frozen=True, slots=True)
class ExtensionPage:
    """One page of the list; ``page`` counts from 1, ``total`` is over all pages.

    ``is_capped`` means that not all were counted: there are more than ``total``, and ``pages`` is
    only as far as is known.
    """

    items: list[ExtensionView]
    total: int
    page: int
    pages: int
    is_capped: bool = False


async def read_page(
    wanted: ExtensionFilter, page: int, per_page: int, most: int | None = None
) -> ExtensionPage:
    """Return one page, the last one if ``page`` is beyond the end.

    No more than ``most`` of those that match a filter are counted, None for all. Without a filter
    the total is always exact.
    """
    listed = _listed(wanted)
    found = _ordered(await _filtered(wanted, listed), wanted)
    if wanted.among is not None and listed is None:
        return await _page_among(found, wanted, page, per_page, most)
    if most is None or not (wanted.is_by_column or wanted.among is not None):
        return await _page_counted(found, page, per_page)
    return await _page_capped(found, page, per_page, most)


async def read_numbers(wanted: ExtensionFilter, most: int) -> list[str]:
    """Return the numbers of the first ``most`` extensions that match."""
    listed = _listed(wanted)
    found = _ordered(await _filtered(wanted, listed), wanted)
    if wanted.among is None or listed is not None:
        numbers = await found.limit(most).values_list("number", flat=True)
        return [str(number) for number in numbers]
    walk = await _walk(found, wanted.among, most)
    rows = {row.id: row.number for row in await Extension.filter(id__in=walk.ids[:most])}
    return [rows[id_] for id_ in walk.ids[:most] if id_ in rows]


def _listed(wanted: ExtensionFilter) -> list[str] | None:
    """Return the only numbers to show if they are few enough for the database; None if not."""
    few = wanted.among is not None and len(wanted.among) <= LISTED
    return list(wanted.among or ()) if few else None


async def _filtered(wanted: ExtensionFilter, listed: list[str] | None) -> QuerySet[Extension]:
    found, ids = Extension.all(), None
    if wanted.user:
        ids = await _ids_of_user(wanted.user)
        found = linked_to(wanted.user) if ids is None else found.filter(id__in=ids)
    few = ids is not None
    if part := wanted.search:
        # No name holds a line break or a NUL, at which SQLite would end what it looks for.
        ids = await ids_with(part, LISTED) if part.isprintable() else []
        found = containing(found, part) if ids is None else found.filter(id__in=ids)
        few = few or ids is not None
    if listed is not None:
        found = _with(found, "number__in", listed, by_index=not few)
        few = True
    for column, value in (
        ("device_type", wanted.device_type),
        ("class_of_service_id", wanted.class_of_service),
    ):
        if not fits(Extension, column, value):
            found = found.filter(id__in=[])
        elif value:
            found = _with(found, column, value, by_index=not few)
    return found.filter(voicemail=True) if wanted.voicemail else found


def _with(
    found: QuerySet[Extension], condition: str, value: object, *, by_index: bool
) -> QuerySet[Extension]:
    """Leave in those that meet a condition.

    Where few rows are left already, SQLite would rather walk along all that have the value, for
    their order, or look for every number with every id: from an expression it cannot.
    """
    if by_index:
        return found.filter(**{condition: value})
    column = condition.removesuffix("__in")
    own = Coalesce(column, "")
    return found.annotate(**{f"own_{column}": own}).filter(**{f"own_{condition}": value})


async def _ids_of_user(login: str) -> list[int] | None:
    """Return the ids of a user's extensions, None if there are too many to list."""
    if not fits(User, "login", login):
        return []
    linked = User.filter(login=login).limit(LISTED + 1)
    ids = await linked.values_list("extensions__id", flat=True)
    return None if len(ids) > LISTED else [int(str(id_)) for id_ in ids if id_ is not None]


def _ordered(found: QuerySet[Extension], wanted: ExtensionFilter) -> QuerySet[Extension]:
    direction = "-" if wanted.descending else ""
    columns = dict.fromkeys((_COLUMN[wanted.sort], "sort_key"))
    return found.order_by(*(direction + column for column in columns))


async def _page_counted(found: QuerySet[Extension], page: int, per_page: int) -> ExtensionPage:
    total = await found.count()
    page, pages = within(page, total, per_page)
    ids = await _ids(found, (page - 1) * per_page, per_page)
    return ExtensionPage(await _shown(ids), total, page, pages)


async def _page_capped(
    found: QuerySet[Extension], page: int, per_page: int, most: int
) -> ExtensionPage:
    first = (page - 1) * per_page
    if first + per_page <= most:
        # One look for both, the page and the total.
        ids = await _ids(found, 0, most + 1)
        if len(ids) <= most:
            page, pages = within(page, len(ids), per_page)
            shown = ids[(page - 1) * per_page : page * per_page]
            return ExtensionPage(await _shown(shown), len(ids), page, pages)
        ids = ids[first : first + per_page + 1]
    else:
        ids = await _ids(found, first, per_page + 1)
    if not ids:
        return await _page_counted(found, page, per_page)
    # One more than is shown tells whether another page follows.
    pages = page + (len(ids) > per_page)
    return ExtensionPage(await _shown(ids[:per_page]), most, page, pages, is_capped=True)


async def _ids(found: QuerySet[Extension], offset: int, limit: int) -> list[int]:
    # Only what is in the index: rows that are skipped need not be read.
    ids = await found.offset(offset).limit(limit).values_list("id", flat=True)
    return [int(str(id_)) for id_ in ids]


async def _shown(ids: Sequence[int]) -> list[ExtensionView]:
    rows = {row.id: row for row in await Extension.filter(id__in=list(ids))}
    return await shown_views([rows[id_] for id_ in ids if id_ in rows])


@dataclass(frozen=True, slots=True)
class _Walk:
    """The ids that were found, in order, and whether the end was reached."""

    ids: list[int]
    is_complete: bool


async def _walk(found: QuerySet[Extension], among: Collection[str], enough: int | None) -> _Walk:
    """Go along the list until more than ``enough`` of those are found, or to its end."""
    ids: list[int] = []
    offset, step = 0, STEP.start
    while enough is None or len(ids) <= enough:
        rows = await found.offset(offset).limit(step).values_list("id", "sort_key")
        ids += [int(id_) for id_, key in rows if number_of(str(key)) in among]
        if len(rows) < step:
            return _Walk(ids, is_complete=True)
        offset, step = offset + step, min(2 * step, STEP.stop)
    return _Walk(ids, is_complete=False)


async def _page_among(
    found: QuerySet[Extension],
    wanted: ExtensionFilter,
    page: int,
    per_page: int,
    most: int | None,
) -> ExtensionPage:
    among = wanted.among or ()
    walk = await _walk(found, among, None if most is None else page * per_page)
    if walk.is_complete:
        page, pages = within(page, len(walk.ids), per_page)
        total, is_capped = len(walk.ids), False
    elif wanted.is_by_column:
        total, pages, is_capped = len(walk.ids) - 1, page + 1, True
    else:
        total, is_capped = len(among), False
        pages = within(page, total, per_page)[1]
    ids = walk.ids[(page - 1) * per_page : page * per_page]
    return ExtensionPage(await _shown(ids), total, page, pages, is_capped)
