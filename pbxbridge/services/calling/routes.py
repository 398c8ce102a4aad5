"""Routes: which numbers go out, and by which trunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient

from dialplan.feature_codes import FEATURE_CODES
from dialplan.pattern import matches, overlap, precedence, swallows
from dialplan.route import Route as Facts
from pbxbridge.errors import Invalid
from pbxbridge.models.calling import ClassOfService, PhoneGroup, Route, Trunk
from pbxbridge.models.extension import Extension
from pbxbridge.services.calling.forwards import check_outside_forwards
from pbxbridge.services.calling.inputs import RouteInput
from pbxbridge.services.calling.plan import read_plan, rewrite, route_of
from pbxbridge.services.calling.records import Records

_COLUMNS = ("description", "pattern", "strip", "prepend", "emergency")


class Routes(Records[Route, RouteInput]):
    """The outbound routes of the site."""

    model = Route
    input = RouteInput
    what = "route"

    async def users_of(
        self, name: str, transaction: TransactionalDBClient | None = None
    ) -> list[str]:
        """Return the classes of service that have the route."""
        classes = await ClassOfService.all().using_db(transaction).order_by("name")
        return [f"class of service {each.name}" for each in classes if name in each.routes]

    def _fields(self, row: Route) -> Mapping[str, Any]:
        stored = {name: getattr(row, name) for name in _COLUMNS}
        return {"name": row.name, **stored, "trunks": list(row.trunks)}

    async def _check(
        self, transaction: TransactionalDBClient, wanted: RouteInput, _: Route | None
    ) -> None:
        trunks = Trunk.filter(name__in=wanted.trunks).using_db(transaction)
        known = {str(name) for name in await trunks.values_list("name", flat=True)}
        if unknown := [name for name in wanted.trunks if name not in known]:
            raise Invalid({"trunks": f"There is no trunk {', '.join(unknown)}."})
        route = _facts(wanted)
        others = await Route.exclude(name=wanted.name).using_db(transaction).order_by("name")
        why = wrong_among(route, [route_of(other) for other in others])
        if not why and wanted.emergency:
            why = await _hidden_by(transaction, route)
        if why:
            raise Invalid({"pattern": why})

    async def _write(
        self,
        transaction: TransactionalDBClient,
        row: Route,
        wanted: RouteInput,
        before: RouteInput | None,
    ) -> None:
        for name in _COLUMNS:
            setattr(row, name, getattr(wanted, name))
        row.trunks = list(wanted.trunks)
        row.version += before is not None
        plan_before = await read_plan(transaction)
        await row.save(using_db=transaction, force_create=before is None)
        await check_outside_forwards(transaction, plan_before, "pattern")
        await rewrite(transaction)

    async def _deleted(self, transaction: TransactionalDBClient, _: RouteInput) -> None:
        await rewrite(transaction)


def wrong_among(route: Facts, others: list[Facts]) -> str:
    """Return why a route cannot be beside the others, empty if it can."""
    for other in others:
        if not (route.emergency or other.emergency):
            continue
        if precedence(route.pattern) == precedence(other.pattern):
            return f"Route {other.name} has this pattern, and one of the two is for emergencies."
        first, second = (other, route) if route.emergency else (route, other)
        if not first.emergency and (number := swallows(first.pattern, second.pattern)):
            return (
                f"{number} is an emergency number: it matches {first.pattern.text} of route "
                f"{first.name} more closely than {second.pattern.text} of route {second.name}, "
                "which would swallow it."
            )
    return ""


async def _hidden_by(transaction: TransactionalDBClient, route: Facts) -> str:
    """Return what an emergency route would make unreachable: it is looked at first of all."""
    for code in FEATURE_CODES:
        if overlap(code.pattern, route.pattern):
            return f"It matches the feature code {code.shown}."
    for model, words in ((Extension, "extension"), (PhoneGroup, "phone group")):
        numbers = await model.all().using_db(transaction).values_list("number", flat=True)
        for number in numbers:
            if matches(route.pattern, str(number)):
                return f"It matches {words} {number}, which nobody could call any more."
    return ""


def _facts(wanted: RouteInput) -> Facts:
    row = Route(**wanted.model_dump())
    return route_of(row)
