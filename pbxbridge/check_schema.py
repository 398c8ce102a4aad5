"""What the tables lack for the bridge to work on them: every table and column, not the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import cast, get_args

from tortoise import Tortoise
from tortoise.fields.relational import ManyToManyFieldInstance
from tortoise.models import Model

from pbxbridge.check_result import Result
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.realtime import StaticConfigRow
from pbxbridge.models.schema import Column, stored_columns
from pbxbridge.realtime.rows import Columns, ExtensionFacts, Iax2Device, SipDevice, rows_of
from pbxbridge.realtime.trunk_rows import TrunkFacts, trunk_rows
from pbxbridge.services.call_centre.inputs import QueueInput, Strategy
from pbxbridge.services.call_centre.queue_rows import queue_columns
from pbxbridge.services.realtime_writer import rows_by_table

# A table of the application's, and the longest text that each column must hold, None for others.
Wanted = Mapping[str, int | None]
# Of the tables of an application, or as the database has them.
Tables = Mapping[str, Mapping[str, Column]]
MIGRATE = "Run `pbxbridge migrate`."
_FRIENDS = "iaxfriends_conf"
_QUEUE = QueueInput(name="a", number="1").model_dump(exclude={"strategy", "agents", "extensions"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is missing, and what to do about it."""

    detail: str
    remedy: str = MIGRATE


async def schema_results(
    name: str, app: str, more: Mapping[str, Wanted] = MappingProxyType({})
) -> list[Result]:
    """Compare the tables of an application, and ``more``, with those of the open database."""
    models = list(Tortoise.apps[app].values())
    wanted = {**dict(chain.from_iterable(map(_tables_of, models))), **more}
    if app == "realtime":
        view = dict(_tables_of(StaticConfigRow))["ast_config"]
        wanted[_FRIENDS] = {column: None for column in view if column != "id"}
    stored = await stored_columns(Tortoise.get_connection("default"), wanted)
    words = written_words() if app == "realtime" else {}
    faults = [
        Result(name, False, fault.detail, fault.remedy)
        for fault in schema_faults(wanted, stored, words)
    ]
    return faults or [
        Result(name, True, f"{len(models) + len(more)} tables with all their columns")
    ]


def schema_faults(
    wanted: Mapping[str, Wanted], stored: Tables, words: Mapping[tuple[str, str], frozenset[str]]
) -> Iterator[Fault]:
    """Name all that is missing, too short, or not allowed.

    ``words`` are those that we write, by table and column: an enum must have them.
    """
    for table, columns in sorted(wanted.items()):
        if table not in stored:
            yield Fault(f"The table `{table}` is not there.")
            continue
        own = stored[table]
        if not all(column.writable for column in own.values()):
            yield Fault(
                f"The table `{table}` is not ours to read and write.",
                f"Run `GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO` the bridge's user.",
            )
        for name, length in columns.items():
            if name not in own:
                yield Fault(f"`{table}` has no column `{name}`.")
            else:
                yield from _misfits(table, name, own[name], length, words)
        for name, column in own.items():
            if column.needed and name not in columns:
                yield Fault(
                    f"`{table}.{name}` must have a value, and the bridge gives it none.",
                    f"Run `ALTER TABLE {table} ALTER COLUMN {name} DROP NOT NULL`.",
                )


def _misfits(
    table: str,
    name: str,
    column: Column,
    length: int | None,
    words: Mapping[tuple[str, str], frozenset[str]],
) -> Iterator[Fault]:
    if column.words:
        missing = words.get((table, name), frozenset()) - column.words
        for word in sorted(missing):
            yield Fault(
                f"`{table}.{name}` takes no `{word}`.",
                f"Run `ALTER TYPE {column.type} ADD VALUE '{word}'`, or a later version of "
                "Asterisk's alembic scripts.",
            )
    elif length is not None and column.longest is not None and column.longest < length:
        yield Fault(
            f"`{table}.{name}` holds {column.longest} characters, {length} are needed.",
            f"Run `ALTER TABLE {table} ALTER COLUMN {name} TYPE varchar({length})`.",
        )


def written_words() -> dict[tuple[str, str], frozenset[str]]:
    """Return every word that we write into a column of Asterisk's, for rows of each kind."""
    found: dict[tuple[str, str], set[str]] = {}
    for model, columns in _rows_of_each_kind():
        for name, value in columns.items():
            found.setdefault((model, name), set()).add(str(value))
    return {key: frozenset(values) for key, values in found.items()}


def _rows_of_each_kind() -> Iterator[tuple[str, Columns]]:
    for device in (SipDevice("secret", 60, "user", "secret"), Iax2Device("secret", True)):
        facts = ExtensionFacts("1", "name", device, "internal", "1234", 20)
        for model, _, columns in rows_by_table("1", rows_of(facts)):
            if columns is not None:
                yield model._meta.db_table, columns
    for strategy in get_args(Strategy):
        yield "queues", queue_columns(CallQueue(**_QUEUE, strategy=strategy))
    trunk = trunk_rows(TrunkFacts("a", "192.0.2.1", 5060, True, "user", (), 60, "secret"))
    yield "ps_endpoints", trunk.endpoint
    yield "ps_aors", trunk.aor
    for table, row in (("ps_auths", trunk.auth), ("ps_registrations", trunk.registration)):
        if row is not None:
            yield table, row


def _tables_of(model: type[Model]) -> Iterator[tuple[str, Wanted]]:
    """Yield the model's table, and those between it and others."""
    projection = model._meta.fields_db_projection
    yield (
        model._meta.db_table,
        {
            column: getattr(model._meta.fields_map[name], "max_length", None)
            for name, column in projection.items()
        },
    )
    for name in model._meta.m2m_fields:
        between = cast("ManyToManyFieldInstance[Model]", model._meta.fields_map[name])
        yield between.through, dict.fromkeys((between.backward_key, between.forward_key))
