"""What is stored now of the extensions that an import names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    VoicemailBox,
)
from pbxbridge.services.extension_store import views
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.transfer.lookup import batches, by_key, rows_with
from pbxbridge.services.transfer.rows import StoredRows

AT_ONCE = 1000

# The column of each table's key that tells extensions apart.
_TELLS_APART: Mapping[type[Model], str] = {
    PsEndpoint: "id",
    PsAuth: "id",
    PsAor: "id",
    IaxFriend: "name",
    DialplanRow: "exten",
    VoicemailBox: "mailbox",
}


async def read_present(
    connection: BaseDBAsyncClient, numbers: Collection[str]
) -> dict[str, ExtensionView]:
    """Return those of these extensions that are there."""
    ids = await by_key(connection, Extension, "number", "id", numbers)
    present: dict[str, ExtensionView] = {}
    for some in batches(ids.values(), AT_ONCE):
        for view in await views(await Extension.filter(id__in=some)):
            present[view.number] = view
    return present


async def read_realtime(
    connection: BaseDBAsyncClient, keys: Iterable[tuple[type[Model], Mapping[str, Any]]]
) -> StoredRows:
    """Return Asterisk's rows with these keys."""
    wanted: dict[tuple[type[Model], tuple[tuple[str, Any], ...]], list[Mapping[str, Any]]]
    wanted = defaultdict(list)
    for model, key in keys:
        # Read at once are those that differ in that column alone.
        fixed = tuple(item for item in key.items() if item[0] != _TELLS_APART[model])
        wanted[model, fixed].append(key)
    found: dict[tuple[type[Model], tuple[Any, ...]], Mapping[str, Any]] = {}
    for (model, fixed), some in wanted.items():
        apart, columns = _TELLS_APART[model], tuple(model._meta.fields_db_projection)
        values = [key[apart] for key in some]
        for row in await rows_with(connection, model, columns, apart, values, **dict(fixed)):
            stored = dict(zip(columns, row, strict=True))
            found[model, tuple(stored[name] for name in some[0])] = stored
    return found
