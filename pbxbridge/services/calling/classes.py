"""Classes of service: what extensions may dial."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient

from dialplan.pattern import precedence
from dialplan.pin import pin_hash
from pbxbridge.errors import Invalid
from pbxbridge.models.calling import ClassOfService
from pbxbridge.models.extension import Extension
from pbxbridge.services.calling.forwards import check_outside_forwards
from pbxbridge.services.calling.inputs import ClassInput
from pbxbridge.services.calling.plan import BUILT_IN, read_plan, rewrite
from pbxbridge.services.calling.records import Records

FEW = 5


class ClassesOfService(Records[ClassOfService, ClassInput]):
    """The classes of service of the site."""

    model = ClassOfService
    input = ClassInput
    what = "class of service"
    write_only = frozenset({"pin"})

    async def users_of(
        self, name: str, transaction: TransactionalDBClient | None = None
    ) -> list[str]:
        """Return the first few extensions that have the class."""
        having = Extension.filter(class_of_service_id=name).using_db(transaction)
        numbers = await having.order_by("sort_key").limit(FEW + 1).values_list("number", flat=True)
        own = ["the portal itself, which makes it anew"] if name in BUILT_IN else []
        more = ["other extensions"] if len(numbers) > FEW else []
        return [*own, *(f"extension {number}" for number in numbers[:FEW]), *more]

    def _fields(self, row: ClassOfService) -> Mapping[str, Any]:
        return {
            "name": row.name,
            "description": row.description,
            "routes": sorted(row.routes),
            "days": row.days.split(),
            "opens": row.opens,
            "closes": row.closes,
            "asks_pin": bool(row.pin_hash),
            "pin": "",
        }

    async def _check(
        self, transaction: TransactionalDBClient, wanted: ClassInput, row: ClassOfService | None
    ) -> None:
        wrong = {}
        routes = (await read_plan(transaction)).routes
        if unknown := [name for name in wanted.routes if name not in routes]:
            wrong["routes"] = f"There is no route {', '.join(unknown)}."
        else:
            owners: dict[object, str] = {}
            for name in wanted.routes:
                owner = owners.setdefault(precedence(routes[name].pattern), name)
                if owner != name:
                    wrong["routes"] = f"Routes {owner} and {name} have one pattern: choose one."
        if wanted.asks_pin and not wanted.pin and not (row and row.pin_hash):
            wrong["pin"] = "Enter the PIN."
        if wrong:
            raise Invalid(wrong)

    async def _write(
        self,
        transaction: TransactionalDBClient,
        row: ClassOfService,
        wanted: ClassInput,
        before: ClassInput | None,
    ) -> None:
        plan_before = await read_plan(transaction)
        row.description = wanted.description
        row.routes = sorted(wanted.routes)
        row.days = " ".join(wanted.days)
        row.opens, row.closes = (wanted.opens, wanted.closes) if wanted.days else ("", "")
        if not wanted.asks_pin:
            row.pin_hash = ""
        elif wanted.pin:
            row.pin_hash = pin_hash(wanted.pin, secrets.token_hex(4))
        row.version += before is not None
        await row.save(using_db=transaction, force_create=before is None)
        await check_outside_forwards(transaction, plan_before, "routes")
        await rewrite(transaction)

    async def _deleted(self, transaction: TransactionalDBClient, _: ClassInput) -> None:
        await rewrite(transaction)
