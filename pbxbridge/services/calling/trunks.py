"""Trunks: lines to carriers, as rows of chan_pjsip."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model

from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus, OutboxChanged, TrunksChanged
from pbxbridge.models.calling import Route, Trunk
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import PsAor, PsAuth, PsEndpoint, PsIdentify, PsRegistration
from pbxbridge.realtime.rows import Columns
from pbxbridge.realtime.trunk_rows import TrunkFacts, TrunkRows, matches, trunk_id, trunk_rows
from pbxbridge.services.calling.inputs import TrunkInput
from pbxbridge.services.calling.plan import rewrite
from pbxbridge.services.calling.records import Records
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.notify import notify
from pbxbridge.services.realtime_writer import RealtimeWriter

_COLUMNS = ("description", "host", "port", "registers", "username", "caller_id", "monitored")


class Trunks(Records[Trunk, TrunkInput]):
    """The trunks of the site."""

    model = Trunk
    input = TrunkInput
    what = "trunk"
    write_only = frozenset({"secret"})
    events = (TrunksChanged(), OutboxChanged())

    def __init__(self, bus: EventBus, site: SiteDefaults) -> None:
        """Have monitored trunks asked for as often as the site's extensions."""
        super().__init__(bus)
        self._site = site

    def endpoint_of(self, name: str) -> str:
        """Return the name under which the mirror follows a trunk."""
        return trunk_id(name)

    async def monitored(self) -> dict[str, bool]:
        """Return each trunk's endpoint and whether it is monitored: what the mirror follows."""
        rows = await Trunk.all().values_list("name", "monitored")
        return {trunk_id(str(name)): bool(monitored) for name, monitored in rows}

    async def users_of(
        self, name: str, transaction: TransactionalDBClient | None = None
    ) -> list[str]:
        """Return the routes that go out by the trunk."""
        routes = await Route.all().using_db(transaction).order_by("name")
        return [f"route {route.name}" for route in routes if name in route.trunks]

    def _fields(self, row: Trunk) -> Mapping[str, Any]:
        return {
            "name": row.name,
            **{name: getattr(row, name) for name in _COLUMNS},
            "addresses": row.addresses.split(),
            "secret": "",
        }

    async def _check(
        self, transaction: TransactionalDBClient, wanted: TrunkInput, row: Trunk | None
    ) -> None:
        wrong = {}
        if wanted.registers and not wanted.username:
            wrong["username"] = "Enter the user name to register with."
        if wanted.secret and not wanted.username:
            wrong["username"] = "Enter the user name that this secret is for."
        if wanted.username and not (wanted.secret or await _secret(transaction, wanted.name)):
            wrong["secret"] = "Enter the secret that goes with this user name."  # noqa: S105 - a sentence
        asked = matches(wanted.host, wanted.addresses)
        for other in await Trunk.exclude(name=wanted.name).using_db(transaction):
            theirs = matches(other.host, other.addresses.split())
            if shared := [each for each in asked if any(_overlap(each, its) for its in theirs)]:
                sentence = f"Calls from {', '.join(shared)} are those of trunk {other.name}."
                wrong["addresses"] = sentence
            # Asterisk ignores hyphens in names of extensions, which those of [trunks] are.
            if row is None and other.name.replace("-", "") == wanted.name.replace("-", ""):
                wrong["name"] = f"But for hyphens this is the name of trunk {other.name}."
        if wrong:
            raise Invalid(wrong)

    async def _write(
        self,
        transaction: TransactionalDBClient,
        row: Trunk,
        wanted: TrunkInput,
        before: TrunkInput | None,
    ) -> None:
        secret = wanted.secret or await _secret(transaction, row.name)
        for name in _COLUMNS:
            setattr(row, name, getattr(wanted, name))
        row.addresses = " ".join(wanted.addresses)
        row.version += before is not None
        await row.save(using_db=transaction, force_create=before is None)
        rows = trunk_rows(trunk_facts(row, secret, self._site))
        await put_trunk(transaction, row.name, rows, self._site)
        await rewrite(transaction)

    async def _deleted(self, transaction: TransactionalDBClient, before: TrunkInput) -> None:
        await put_trunk(transaction, before.name, None, self._site)
        await rewrite(transaction)


def trunk_facts(row: Trunk, secret: str, site: SiteDefaults) -> TrunkFacts:
    """Return what Asterisk's rows of a trunk are made of."""
    return TrunkFacts(
        name=row.name,
        host=row.host,
        port=row.port,
        registers=row.registers,
        username=row.username,
        secret=secret,
        addresses=row.addresses.split(),
        qualify_frequency=site.qualify_frequency if row.monitored else 0,
    )


async def put_trunk(
    transaction: TransactionalDBClient, name: str, rows: TrunkRows | None, site: SiteDefaults
) -> None:
    """Write the trunk's rows, and have Asterisk told of what it does not look at by itself."""
    writer = RealtimeWriter(transaction, cached=site.sorcery_cache)
    wanted = list(trunk_rows_by_table(name, rows))
    identify = [str(key["id"]) for model, key, _ in wanted if model is PsIdentify]
    stale = PsIdentify.filter(endpoint=trunk_id(name)).exclude(id__in=[*identify, ""])
    await stale.using_db(transaction).delete()
    changed = {model for model, key, columns in wanted if await writer.put(model, key, columns)}
    await tell_of_trunk(transaction, name, changed, registers=bool(rows and rows.registration))


def trunk_rows_by_table(
    name: str, rows: TrunkRows | None
) -> Iterator[tuple[type[Model], Columns, Columns | None]]:
    """Yield each table of a trunk with the row's key there and its columns, None for no row."""
    key = {"id": trunk_id(name)}
    yield PsAor, key, rows.aor if rows else None
    yield PsAuth, key, rows.auth if rows else None
    yield PsEndpoint, key, rows.endpoint if rows else None
    yield PsRegistration, key, rows.registration if rows else None
    for identify in rows.identify if rows else ():
        yield PsIdentify, {"id": identify["id"]}, identify


async def tell_of_trunk(
    transaction: TransactionalDBClient,
    name: str,
    changed: Collection[type[Model]],
    *,
    registers: bool,
) -> None:
    """Have Asterisk told that rows of a trunk changed in these tables."""
    if PsAor in changed:
        await notify(transaction, NoticeKind.RELOAD_TRUNKS, trunk_id(name))
    if PsRegistration in changed or (PsAuth in changed and registers):
        await notify(transaction, NoticeKind.RELOAD_REGISTRATIONS, trunk_id(name))


def _overlap(one: str, other: str) -> bool:
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


async def _secret(transaction: TransactionalDBClient, name: str) -> str:
    row = await PsAuth.filter(id=trunk_id(name)).using_db(transaction).first()
    return row.password or "" if row else ""
