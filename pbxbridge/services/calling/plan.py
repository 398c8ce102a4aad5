"""The site's classes, routes and trunks: for the pure functions, and as Asterisk reads them.

Whatever changes one of them calls rewrite() in its transaction: only contexts that differ are
written, and only then is Asterisk told to read its dialplan anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient

from dialplan.class_of_service import ClassOfService, Hours, class_of_service_lines
from dialplan.config_line import FILENAME, ConfigLine
from dialplan.inbound import did_pattern_lines, trunk_lines, unknown_did_lines
from dialplan.pattern import Pattern
from dialplan.route import Route
from pbxbridge.models import calling
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Did
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import StaticConfigRow
from pbxbridge.services.notify import notify

BUILT_IN = {"internal": "Extensions, feature codes and emergency calls"}
UNKNOWN_DID = "unknown_did"

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who may dial what: every class of service and every route, by name."""

    classes: dict[str, ClassOfService]
    routes: dict[str, Route]


async def ensure_built_in() -> None:
    """Create the built-in classes, so that a fresh Asterisk finds their contexts at its start."""
    async with write_transaction() as transaction:
        for name, description in BUILT_IN.items():
            await calling.ClassOfService.get_or_create(
                {"description": description}, using_db=transaction, name=name
            )
        await rewrite(transaction)


async def read_plan(connection: BaseDBAsyncClient | None = None) -> Plan:
    """Return what is stored."""
    classes = await calling.ClassOfService.all().using_db(connection).order_by("name")
    routes = await calling.Route.all().using_db(connection).order_by("name")
    return Plan(
        {row.name: class_of(row) for row in classes}, {row.name: route_of(row) for row in routes}
    )


def class_of(row: calling.ClassOfService) -> ClassOfService:
    """Return a stored class of service as the dialplan takes it."""
    hours = None
    if row.days:
        opens, closes = time.fromisoformat(row.opens), time.fromisoformat(row.closes)
        hours = Hours(tuple(row.days.split()), opens, closes)
    return ClassOfService(row.name, frozenset(row.routes), hours, row.pin_hash)


def route_of(row: calling.Route) -> Route:
    """Return a stored route as the dialplan takes it."""
    return Route(
        row.name, Pattern(row.pattern), row.strip, row.prepend, tuple(row.trunks), row.emergency
    )


async def read_setting(name: str, connection: BaseDBAsyncClient | None = None) -> str:
    """Return what the administrator set for the site, empty if nothing."""
    row = await calling.SiteSetting.filter(name=name).using_db(connection).first()
    return row.value if row else ""


async def rewrite(transaction: TransactionalDBClient) -> None:
    """Make the static part of the dialplan what the tables say; if it changed, have it reloaded."""
    wanted = _by_category(await _lines(transaction))
    metrics, present = await _stored(transaction)
    changed = _differing(wanted, present)
    if not changed:
        return
    gone = StaticConfigRow.filter(filename=FILENAME, category__in=changed).using_db(transaction)
    await gone.delete()
    following = max(metrics.values(), default=-1) + 1
    rows = []
    for name in changed:
        place = metrics.get(name, following)
        following += name not in metrics
        rows += list(_rows(name, place, wanted.get(name, [])))
    await StaticConfigRow.bulk_create(rows, batch_size=1000, using_db=transaction)
    await notify(transaction, NoticeKind.RELOAD_DIALPLAN, changed[0][:80])


async def outdated_contexts(connection: BaseDBAsyncClient) -> Mapping[str, tuple[int, int]]:
    """Return the contexts that differ from what the tables say: lines there and lines wanted."""
    wanted = _by_category(await _lines(connection))
    _, present = await _stored(connection)
    return {
        name: (len(present.get(name, ())), len(wanted.get(name, ())))
        for name in _differing(wanted, present)
    }


def _differing(wanted: Mapping[str, list[Line]], present: Mapping[str, list[Line]]) -> list[str]:
    return [name for name in {**present, **wanted} if present.get(name) != wanted.get(name)]


async def _lines(transaction: BaseDBAsyncClient) -> Iterator[ConfigLine]:
    plan = await read_plan(transaction)
    routes = list(plan.routes.values())
    trunks = await calling.Trunk.all().using_db(transaction).order_by("name")
    unknown = await read_setting(UNKNOWN_DID, transaction)
    return _all_lines(
        plan.classes.values(),
        routes,
        trunk_lines((trunk.name, trunk.caller_id) for trunk in trunks),
        did_pattern_lines(await _did_patterns(transaction)),
        unknown_did_lines(unknown),
    )


def _all_lines(
    classes: Iterable[ClassOfService], routes: Sequence[Route], *others: tuple[ConfigLine, ...]
) -> Iterator[ConfigLine]:
    for each in classes:
        yield from class_of_service_lines(each, routes)
    for lines in others:
        yield from lines


async def _did_patterns(transaction: BaseDBAsyncClient) -> dict[str, str]:
    held = Did.filter(number__startswith="_").using_db(transaction).order_by("number")
    return dict(await held.values_list("number", "extension__number"))


def _by_category(lines: Iterable[ConfigLine]) -> dict[str, list[Line]]:
    found = defaultdict(list)
    for line in lines:
        found[line.category].append((line.var_name, line.var_val))
    return dict(found)


async def _stored(
    transaction: BaseDBAsyncClient,
) -> tuple[dict[str, int], dict[str, list[Line]]]:
    """Return the place of each context in the file, and its lines in order."""
    metrics: dict[str, int] = {}
    found = defaultdict(list)
    rows = StaticConfigRow.filter(filename=FILENAME).using_db(transaction)
    for category, place, name, value in await rows.order_by("cat_metric", "var_metric").values_list(
        "category", "cat_metric", "var_name", "var_val"
    ):
        metrics[category] = place
        found[category].append((name, value))
    return metrics, dict(found)


def _rows(category: str, place: int, lines: Iterable[Line]) -> Iterator[StaticConfigRow]:
    for metric, (name, value) in enumerate(lines):
        yield StaticConfigRow(
            cat_metric=place,
            var_metric=metric,
            filename=FILENAME,
            category=category,
            var_name=name,
            var_val=value,
            commented=0,
        )
