"""Whose the rows of Asterisk's tables are: ours, left over from what is gone, or somebody else's.

Ours are the rows of an extension, phone group, DID, trunk, queue or agent of the portal, by their
keys; whatever is of ``trunk-...``; our own file in ``ast_config``; and steps of the dialplan that
only we write.
Who has such a step and is not in the portal is left over, with all rows of that number. All else
was made by somebody else, and is none of our business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from dialplan.config_line import FILENAME
from dialplan.extension_row import CONTEXT as EXTENSIONS
from dialplan.extension_row import Row
from dialplan.inbound import CONTEXT as DID
from dialplan.leftover import is_did, is_extension, is_group, is_of_agents, is_queue
from dialplan.queue_rows import AGENTS, DEVICES, REASONS
from pbxbridge.models.call_centre import Agent, CallQueue
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import Did, Extension
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    PsIdentify,
    PsRegistration,
    Queue,
    QueueMember,
    StaticConfigRow,
    VoicemailBox,
)
from pbxbridge.realtime.rows import MAILBOX_CONTEXT, auth_override_of
from pbxbridge.realtime.trunk_rows import trunk_id
from pbxbridge.services.reconcile.drift import Drift, Fault, Kind, RowDrift, compare
from pbxbridge.services.reconcile.extensions import rows_of_nobody, step_key
from pbxbridge.services.transfer.lookup import batches
from pbxbridge.services.transfer.stored import read_realtime

AT_ONCE = 5000
_STEP = ("context", "exten", "priority", "app", "appdata")
_TRUNK = trunk_id("")


def _is_object(numbers: frozenset[str], row_id: str, endpoint: str = "") -> bool:
    return row_id in numbers or row_id.startswith(_TRUNK) or endpoint.startswith(_TRUNK)


def _is_auth(numbers: frozenset[str], row_id: str) -> bool:
    return _is_object(numbers, row_id) or row_id.removesuffix(auth_override_of("")) in numbers


def _is_box(numbers: frozenset[str], context: str, mailbox: str) -> bool:
    return context == MAILBOX_CONTEXT and mailbox in numbers


def _is_our_file(_: frozenset[str], filename: str, _category: str) -> bool:
    return filename == FILENAME


# The columns that tell whose a row is, and whether it is ours by them.
_OURS: Mapping[type[Model], tuple[tuple[str, ...], Callable[..., bool]]] = {
    PsEndpoint: (("id",), _is_object),
    PsAor: (("id",), _is_object),
    PsAuth: (("id",), _is_auth),
    PsRegistration: (("id",), _is_object),
    PsIdentify: (("id", "endpoint"), _is_object),
    IaxFriend: (("name",), frozenset.__contains__),
    VoicemailBox: (("context", "mailbox"), _is_box),
    StaticConfigRow: (("filename", "category"), _is_our_file),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What is in the portal, by which rows are known to be ours."""

    extensions: frozenset[str]
    groups: frozenset[str]
    dids: frozenset[str]
    queue_numbers: frozenset[str]
    agents: frozenset[str]
    queues: frozenset[str]

    def has(self, row: Row) -> bool:
        """Whether a row of the dialplan stands under one of these."""
        if row.context == EXTENSIONS:
            return any(
                row.exten in some for some in (self.extensions, self.groups, self.queue_numbers)
            )
        # Why agents pause is written anew at each start.
        return row.context == REASONS or row.exten in {
            DID: self.dids,
            AGENTS: self.agents,
            DEVICES: self.extensions,
        }.get(row.context, ())


@dataclass(frozen=True, slots=True)
class Others:
    """Rows of what the portal does not have: left over, and somebody else's (table and key)."""

    leftovers: list[Drift]
    foreign: list[str]


async def read_names(connection: BaseDBAsyncClient) -> Names:
    """Read what is in the portal."""
    numbers = Extension.all().using_db(connection).values_list("number", flat=True)
    groups = PhoneGroup.all().using_db(connection).values_list("number", flat=True)
    dids = Did.all().using_db(connection).values_list("number", flat=True)
    dialled = CallQueue.all().using_db(connection).values_list("number", flat=True)
    agents = Agent.all().using_db(connection).values_list("number", flat=True)
    queues = CallQueue.all().using_db(connection).values_list("name", flat=True)
    every = (numbers, groups, dids, dialled, agents, queues)
    return Names(*[frozenset(map(str, await some)) for some in every])


async def read_others(connection: BaseDBAsyncClient) -> Others:
    """Look through the keys of all tables."""
    names = await read_names(connection)
    steps: dict[str, list[RowDrift]] = {}
    numbers: set[str] = set()
    foreign: dict[str, None] = {}
    async for row in _walk(connection, DialplanRow, _STEP):
        step = Row(*row)
        if names.has(step):
            continue
        if any(
            is_ours(step) for is_ours in (is_extension, is_group, is_did, is_queue, is_of_agents)
        ):
            surplus = RowDrift(
                DialplanRow, step_key(dict(zip(_STEP, row, strict=True))), Fault.SURPLUS
            )
            steps.setdefault(step.exten, []).append(surplus)
            numbers |= {step.exten} if is_extension(step) else set()
        else:
            foreign[f"extensions {step.context}/{step.exten}"] = None
    every = names.extensions | numbers
    for model, (columns, is_ours) in _OURS.items():
        async for row in _walk(connection, model, columns):
            if not is_ours(every, *row):
                foreign[f"{model._meta.db_table} {'/'.join(map(str, row[:2]))}"] = None
    for model, column in ((Queue, "name"), (QueueMember, "queue_name")):
        async for (name,) in _walk(connection, model, (column,)):
            if name not in names.queues:
                foreign[f"{model._meta.db_table} {name}"] = None
    return Others(await _leftovers(connection, steps, numbers), list(foreign))


async def _leftovers(
    connection: BaseDBAsyncClient, steps: Mapping[str, list[RowDrift]], numbers: set[str]
) -> list[Drift]:
    found: dict[str, list[RowDrift]] = {}
    for some in batches(sorted(numbers), 1000):
        wanted = {number: rows_of_nobody(number) for number in some}
        keys = [row[:2] for rows in wanted.values() for row in rows if row[0] is not DialplanRow]
        stored = await read_realtime(connection, keys)
        for number, rows in wanted.items():
            found[number] = list(compare(rows, stored))
    return [
        Drift(Kind.LEFTOVER, name, (*rows, *found.get(name, ()))) for name, rows in steps.items()
    ]


async def _walk(
    connection: BaseDBAsyncClient, model: type[Model], columns: tuple[str, ...]
) -> AsyncIterator[tuple[Any, ...]]:
    """Yield these columns of every row, some thousands at a time."""
    pk = model._meta.pk_attr
    rows = model.all().using_db(connection).order_by(pk).limit(AT_ONCE)
    some = await rows.values_list(pk, *columns)
    while some:
        for _, *values in some:
            yield tuple(values)
        some = await rows.filter(**{f"{pk}__gt": some[-1][0]}).values_list(pk, *columns)
