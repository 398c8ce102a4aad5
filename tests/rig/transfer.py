"""Files to import, and what an import leaves in the database."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.models import Model

from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Did, Extension, LicenceUse
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    VoicemailBox,
)
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.licences import Licences
from pbxbridge.services.transfer.plan import Plan
from pbxbridge.services.transfer.transfer import Imported, Transfer

TABLES: tuple[type[Model], ...] = (
    Extension,
    Did,
    LicenceUse,
    PsAor,
    PsAuth,
    PsEndpoint,
    IaxFriend,
    DialplanRow,
    VoicemailBox,
    AsteriskNotice,
    AuditEntry,
)
# Differ from one run to the next: keys that the database counts, moments, random secrets.
FLEETING = {"id", "uniqueid", "extension_id", "created_at", "updated_at", "at", "mail_since"}


def transfer_on(bus: EventBus, *, licences: int | None = None, can_link: bool = True) -> Transfer:
    """Return a service on the open database."""
    return Transfer(bus, SiteDefaults(60, 20, can_link=can_link), Licences(licences))


def file_of(*rows: Mapping[str, str]) -> bytes:
    """Return a CSV file with these rows; the columns are those of all of them."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return lines_of(columns, *([row.get(name, "") for name in columns] for row in rows))


def lines_of(*rows: Sequence[str]) -> bytes:
    """Return a CSV file of these cells."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


async def import_rows(transfer: Transfer, actor: Actor, *rows: Mapping[str, str]) -> Imported:
    """Import a file of these rows."""
    return await transfer.apply(actor, await transfer.plan(file_of(*rows)))


async def exported(transfer: Transfer) -> bytes:
    """Return the whole export."""
    return b"".join([part async for part in transfer.export()])


def problems(plan: Plan) -> list[tuple[int, str, str]]:
    """Return row, column and sentence of every mistake."""
    return [(error.row, error.column, error.sentence) for error in plan.errors]


async def refusal(transfer: Transfer, data: bytes, file_format: str = "auto") -> dict[str, str]:
    """Return why a file cannot be read at all."""
    try:
        await transfer.plan(data, file_format)
    except Invalid as invalid:
        return invalid.fields
    raise AssertionError("the file was read")


async def contents() -> dict[str, list[dict[str, Any]]]:
    """Return what is in all tables, without what no two runs have in common."""
    found: dict[str, list[dict[str, Any]]] = {}
    for model in TABLES:
        rows = await model.all().values()
        kept = [{k: v for k, v in row.items() if k not in FLEETING} for row in rows]
        found[model.__name__] = sorted(kept, key=repr)
    users = await Extension.exclude(users__id=None).values_list("number", "users__login")
    found["users"] = [{"number": number, "login": login} for number, login in sorted(users)]
    # Primary keys that say something.
    for model, name in ((PsAor, "id"), (PsAuth, "id"), (PsEndpoint, "id")):
        keys = await model.all().order_by(name).values_list(name, flat=True)
        found[f"{model.__name__}.{name}"] = [{"key": key} for key in keys]
    return found
