"""The rows of extensions: what is wrong with them, and putting it right."""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.models import Model

from dialplan.extension_row import CONTEXT as EXTENSIONS_CONTEXT
from dialplan.inbound import CONTEXT as DID_CONTEXT
from dialplan.inbound import did_row, is_pattern
from dialplan.queue_rows import DEVICES as AGENT_DEVICES
from pbxbridge.models.extension import DeviceType, Extension
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    VoicemailBox,
)
from pbxbridge.realtime.rows import RealtimeRows, auth_override_of, dialplan_columns
from pbxbridge.services.extension_change import Credentials, new_secret
from pbxbridge.services.extension_input import SIP_TYPES, ExtensionInput, unparsed
from pbxbridge.services.extension_store import SiteDefaults, realtime_rows, sealed_columns, views
from pbxbridge.services.extension_view import ExtensionView, fields_of, pin_digest
from pbxbridge.services.realtime_writer import inserted_columns, rows_by_table
from pbxbridge.services.reconcile.drift import Drift, Fault, Kind, RowDrift, WantedRow, compare
from pbxbridge.services.sip_secrets import UNREADABLE
from pbxbridge.services.stored_credentials import read_credentials
from pbxbridge.services.transfer.bulk_write import BulkWrite
from pbxbridge.services.transfer.lookup import rows_with
from pbxbridge.services.transfer.rows import StoredRows
from pbxbridge.services.transfer.stored import read_realtime

SECRET, AUTH_SECRET, PIN = "secret", "auth secret", "PIN"
PIN_LENGTH = 6
_DIALPLAN = ("context", "exten", "priority", "app", "appdata")


async def extension_drift(
    connection: BaseDBAsyncClient, rows: Sequence[Extension], site: SiteDefaults
) -> list[Drift]:
    """Return what is wrong with Asterisk's rows of these extensions.

    A secret that is lost is a new one in the rows as they should be. Where it cannot be read, its
    row is not looked at.
    """
    shown = await views(rows, connection)
    numbers = [view.number for view in shown]
    credentials = await read_credentials(connection, numbers, site.secrets)
    wanted: dict[str, list[WantedRow]] = {}
    lost: dict[str, tuple[str, ...]] = {}
    seals: dict[str, RowDrift] = {}
    portal = {row.number: row for row in rows}
    for view in shown:
        asked, number = unparsed(fields_of(view)), view.number
        own, lost[number] = _completed(credentials[number], asked)
        unknown = _unreadable(number, own)
        wanted[number] = [
            row
            for row in (*rows_by_table(number, realtime_rows(asked, own, site)), *_dids(view))
            if not (row[0] is PsAuth and row[1]["id"] in unknown)
        ]
        sealed = sealed_columns(asked, own, site, portal[number])
        present = {name: getattr(portal[number], name) for name in sealed}
        if sealed != present:
            seals[number] = RowDrift(
                Extension, {"number": number}, Fault.DIFFERENT, sealed, present
            )
    stored = await _read(connection, wanted)
    surplus = _surplus(shown, wanted, stored)
    found = (
        Drift(
            Kind.EXTENSION,
            number,
            (
                *compare(wanted[number], stored),
                *surplus.get(number, ()),
                *((seals[number],) if number in seals else ()),
            ),
            lost[number],
        )
        for number in numbers
    )
    return [drift for drift in found if drift.rows]


def rows_of_nobody(number: str) -> list[WantedRow]:
    """Return all rows that an extension may have, none of them wanted."""
    return [(model, key, None) for model, key, _ in rows_by_table(number, RealtimeRows({}))]


async def repair_extensions(
    transaction: TransactionalDBClient, drifts: Sequence[Drift], rows: Mapping[str, Extension]
) -> None:
    """Write the rows as they should be; the portal takes note of a PIN that it had to make."""
    batch = BulkWrite()
    for drift in drifts:
        for row in drift.rows:
            put(batch, row)
            if PIN in drift.lost and row.wanted and row.model is VoicemailBox:
                await _take_note_of_pin(transaction, rows[drift.name], row.wanted["password"])
    await batch.write(transaction, lambda _: None)


def put(batch: BulkWrite, row: RowDrift) -> None:
    """Have a row made what it should be."""
    if row.wanted is None:
        batch.delete(row.model, row.key)
    elif row.fault is Fault.MISSING:
        batch.insert(row.model, inserted_columns(row.model, row.wanted))
    else:
        batch.update(row.model, row.key, row.changed)


def repair_notices(drift: Drift) -> Iterator[tuple[NoticeKind, str]]:
    """Yield what Asterisk must be told once an extension's rows are as they should be."""
    for row in drift.rows:
        gone = row.wanted is None
        if row.model is PsEndpoint and gone:
            yield NoticeKind.FORGET_CONTACTS, drift.name
        elif row.model is PsAor and row.fault is Fault.DIFFERENT:
            was, becomes = row.changes.get("qualify_frequency", (0, 0))
            if bool(was) != bool(becomes):
                yield NoticeKind.REFRESH_QUALIFY, drift.name
        elif row.model is IaxFriend:
            yield (NoticeKind.FORGET_PEER if gone else NoticeKind.RELOAD_PEERS), drift.name


def _dids(view: ExtensionView) -> Iterator[WantedRow]:
    for did in view.dids:
        if not is_pattern(did):
            row = dialplan_columns(did_row(did, view.number))
            yield DialplanRow, step_key(row), row


def step_key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("context", "exten", "priority")}


def _completed(stored: Credentials, wanted: ExtensionInput) -> tuple[Credentials, tuple[str, ...]]:
    """Return credentials that lack nothing, and which of them had to be made."""
    secret, auth_secret, pin = stored.secret, stored.auth_secret, stored.pin
    registers = wanted.device_type in SIP_TYPES or wanted.device_type is DeviceType.IAX2
    lost = []
    if registers and not secret:
        secret = new_secret()
        lost.append(SECRET)
    if wanted.auth_username and not auth_secret:
        auth_secret = new_secret()
        lost.append(AUTH_SECRET)
    if wanted.voicemail and not pin:
        pin = _new_pin(wanted.number)
        lost.append(PIN)
    return Credentials(secret, auth_secret, pin), tuple(lost)


def _unreadable(number: str, stored: Credentials) -> set[str]:
    """Return the auths whose secret no key opens."""
    auths = {number: stored.secret, auth_override_of(number): stored.auth_secret}
    return {auth for auth, secret in auths.items() if secret == UNREADABLE}


def _new_pin(number: str) -> str:
    while True:
        pin = "".join(secrets.choice(string.digits) for _ in range(PIN_LENGTH))
        if pin != number:
            return pin


async def _read(
    connection: BaseDBAsyncClient, wanted: Mapping[str, Sequence[WantedRow]]
) -> StoredRows:
    every = [row for rows in wanted.values() for row in rows]
    elsewhere = [(model, key) for model, key, _ in every if model is not DialplanRow]
    dids = [str(key["exten"]) for _, key, _ in every if key.get("context") == DID_CONTEXT]
    return {
        **await read_realtime(connection, elsewhere),
        **await read_dialplan(connection, EXTENSIONS_CONTEXT, list(wanted)),
        **await read_dialplan(connection, AGENT_DEVICES, list(wanted)),
        **await read_dialplan(connection, DID_CONTEXT, dids),
    }


async def read_dialplan(
    connection: BaseDBAsyncClient, context: str, extens: Collection[str]
) -> StoredRows:
    """Return all rows of these extensions of a context, whatever their priority."""
    found: dict[tuple[type[Model], tuple[Any, ...]], Mapping[str, Any]] = {}
    for values in await rows_with(
        connection, DialplanRow, _DIALPLAN, "exten", extens, context=context
    ):
        row = dict(zip(_DIALPLAN, values, strict=True))
        found[DialplanRow, tuple(step_key(row).values())] = row
    return found


def _surplus(
    shown: Iterable[ExtensionView],
    wanted: Mapping[str, Sequence[WantedRow]],
    stored: StoredRows,
) -> Mapping[str, list[RowDrift]]:
    """Return the steps that stand after those of an extension and its DIDs, by its number."""
    keys = {tuple(key.values()) for rows in wanted.values() for _, key, _ in rows}
    contexts = EXTENSIONS_CONTEXT, AGENT_DEVICES
    owners = {(context, view.number): view.number for view in shown for context in contexts}
    owners |= {(DID_CONTEXT, did): view.number for view in shown for did in view.dids}
    found: dict[str, list[RowDrift]] = {}
    for (model, key), row in stored.items():
        if model is DialplanRow and key not in keys:
            step = RowDrift(model, step_key(row), Fault.SURPLUS)
            found.setdefault(owners[key[0], key[1]], []).append(step)
    return found


async def _take_note_of_pin(
    transaction: TransactionalDBClient, row: Extension, pin: object
) -> None:
    row.pin_digest = pin_digest(row.number, str(pin))
    row.pin_changed_by_phone_at = None
    row.version += 1
    await row.save(
        using_db=transaction, update_fields=["pin_digest", "pin_changed_by_phone_at", "version"]
    )
