"""Searching the audit, newest first, at the same pace however long it has become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pypika_tortoise.functions import Cast
from pypika_tortoise.terms import Term
from tortoise.expressions import Function, Q
from tortoise.queryset import QuerySet

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.services.audit_filter import KINDS, AuditFilter
from pbxbridge.services.audit_view import AuditView, view_of
from pbxbridge.services.column import fits, with_part
from pbxbridge.services.stepwise import Pace, steps

# A clock that was put back, or two bridges whose clocks differ, leave the times of neighbours in
# another order than the ids. The days' bounds are looked for with this much to spare.
SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first.

    ``older`` is what the next page is asked for with, None at the end. ``searched_back_to`` is set
    if the page is not full because the search paused: how far it came, in UTC.
    """

    items: list[AuditView]
    older: int | None
    searched_back_to: datetime | None = None


class _TextCast(Cast):
    def __init__(self, term: Term) -> None:
        super().__init__(term, "TEXT")


class _AsText(Function):
    """A JSON column as its text, on every engine."""

    database_func = _TextCast


async def read_page(
    wanted: AuditFilter, *, older_than: int | None, per_page: int, pace: Pace
) -> AuditPage:
    """Return the newest entries that match, of those with an id below ``older_than``."""
    first, end = await _bounds(wanted)
    if older_than is not None:
        end = min(end, older_than)
    found: list[AuditEntry] = []
    for start, stop in steps(first, end, pace):
        some = _matching(wanted).filter(id__gte=start, id__lt=stop)
        found += await some.order_by("-id").limit(per_page + 1 - len(found))
        end = start
        if len(found) > per_page:
            items = [view_of(row) for row in found[:per_page]]
            return AuditPage(items, older=items[-1].id)
    items = [view_of(row) for row in found]
    if end <= first:
        return AuditPage(items, older=None)
    reached = await AuditEntry.filter(id__gte=end).order_by("id").first()
    return AuditPage(items, older=end, searched_back_to=reached.at if reached else None)


async def _bounds(wanted: AuditFilter) -> tuple[int, int]:
    """Return between which ids the days lie: the first, and the one after the last."""
    newest = await AuditEntry.all().order_by("-id").first()
    first, end = 1, newest.id + 1 if newest else 1
    if wanted.first_day and wanted.first_day > date.min + SLACK:
        first = await _first_since(_begin(wanted.first_day - SLACK), first, end)
    if wanted.last_day and wanted.last_day < date.max - SLACK:
        end = await _first_since(_end(wanted.last_day + SLACK), first, end)
    return first, end


async def _first_since(moment: datetime, low: int, high: int) -> int:
    """Return the first id from ``low`` that is not before the moment, ``high`` without one.

    By bisection: ids grow with time, so no index of the times is needed.
    """
    while low < high:
        middle = (low + high) // 2
        entry = await AuditEntry.filter(id__gte=middle, id__lt=high).order_by("id").first()
        if entry is None or entry.at >= moment:
            high = middle
        else:
            low = entry.id + 1
    return low


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


def _matching(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    found = AuditEntry.all()
    if wanted.subject:
        found = _like(found, "subject", wanted.subject)
    if wanted.actor:
        found = _like(found, "actor", wanted.actor)
    if wanted.kind:
        found = found.filter(action__startswith=KINDS[wanted.kind])
    if wanted.action:
        found = found.filter(action=wanted.action)
    if wanted.first_day:
        found = found.filter(at__gte=_begin(wanted.first_day))
    if wanted.last_day:
        found = found.filter(at__lte=_end(wanted.last_day))
    if wanted.field:
        # In a value the quotes would be escaped: only a key reads like this.
        key = f'"{wanted.field}":'
        found = found.annotate(old=_AsText("before"), new=_AsText("after"))
        found = found.filter(Q(old__contains=key) | Q(new__contains=key))
    return found


def _like(found: QuerySet[AuditEntry], column: str, typed: str) -> QuerySet[AuditEntry]:
    part = typed.strip("*")
    match typed.startswith("*"), typed.endswith("*"):
        case True, True:
            return with_part(found, [column], part)
        case True, False:
            return with_part(found, [column], part, "endswith")
        case False, True:
            return with_part(found, [column], part, "startswith")
    # Logins and numbers are kept in lower case; what a stranger typed is kept as it was.
    either = Q(pk__in=[])
    for case in (typed, typed.lower()):
        if fits(AuditEntry, column, case):
            either |= Q(**{column: case})
    return found.filter(either)
