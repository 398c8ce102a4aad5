"""From a plan to rows: the same as a single save of each extension would write. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from pypika_tortoise.queries import Table
from tortoise.models import Model

from dialplan.inbound import CONTEXT as DID_CONTEXT
from dialplan.inbound import did_row, is_pattern
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Did, Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.phone import DeskPhone
from pbxbridge.models.realtime import DialplanRow, VoicemailBox
from pbxbridge.realtime.rows import dialplan_columns
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.device_types import device_of
from pbxbridge.services.extension_change import (
    columns_of,
    mail_since,
    notices_of,
    outdated_by,
)
from pbxbridge.services.extension_input import ExtensionInput, unparsed
from pbxbridge.services.extension_store import SiteDefaults, realtime_rows, sealed_columns
from pbxbridge.services.extension_view import (
    ExtensionView,
    audited,
    audited_fields,
    fields_of,
    fields_when_saved,
    pin_digest,
)
from pbxbridge.services.realtime_writer import inserted_columns, rows_by_table
from pbxbridge.services.transfer.bulk_write import BulkWrite
from pbxbridge.services.transfer.candidates import Candidate
from pbxbridge.services.transfer.plan import PlannedRow

# What Asterisk's tables hold: by table and key, the row as it is.
StoredRows = Mapping[tuple[type[Model], tuple[Any, ...]], Mapping[str, Any]]

# Which users belong to which extensions.
LINKS = Table("portal_extension_users")


class Writing:
    """Adds rows of extensions to a BulkWrite, for one actor at one moment."""

    def __init__(
        self,
        batch: BulkWrite,
        actor: Actor,
        site: SiteDefaults,
        nodes: Sequence[str],
        now: datetime | str,
    ) -> None:
        """Take the moment as the database's driver stores it without having to look."""
        self._batch = batch
        self._nodes = nodes
        self._actor = actor
        self._site = site
        self._now = now

    def create(self, asked: Candidate) -> None:
        """Add a new extension, but for its users and DIDs."""
        wanted, number = asked.wanted, asked.number
        columns = {
            **columns_of(wanted),
            "mail_since": None,
            **mail_since("", wanted, self._now),
            "pin_digest": pin_digest(number, wanted.voicemail_pin),
            **sealed_columns(wanted, asked.credentials, self._site),
            "created_at": self._now,
            "updated_at": self._now,
        }
        self._batch.insert(Extension, columns)
        rows = realtime_rows(wanted, asked.credentials, self._site)
        for model, _, own in rows_by_table(number, rows):
            if own is not None:
                self._batch.insert(model, inserted_columns(model, own))
        self._notify(None, wanted)
        after = audited_fields(fields_when_saved(wanted))
        self._audit("extension.created", number, {}, after)

    def change(
        self, row: PlannedRow, before: ExtensionView, row_id: int, stored: StoredRows
    ) -> None:
        """Change an extension that is there, but for its users and DIDs."""
        asked, new = row.asked, row.renewed
        old = columns_of(unparsed(fields_of(before)))
        columns = {n: value for n, value in columns_of(asked.wanted).items() if value != old[n]}
        columns |= mail_since(before.voicemail_email, asked.wanted, self._now)
        if new.pin or (before.voicemail and not asked.wanted.voicemail):
            pin = asked.credentials.pin if asked.wanted.voicemail else ""
            columns["pin_digest"] = pin_digest(asked.number, pin)
            columns["pin_changed_by_phone_at"] = None
        # With Asterisk's rows, always: a digest alone would lose the secret.
        columns |= sealed_columns(asked.wanted, asked.credentials, self._site)
        columns |= {"version": before.version + 1, "updated_at": self._now}
        if before.mac != asked.wanted.mac:
            # As leave_phone does (extension_phone.py).
            self._batch.delete(DeskPhone, {"mac": before.mac, "extension_id": row_id})
        self._batch.update(Extension, {"id": row_id}, columns)
        self._change_realtime(row, stored)
        self._notify(before, asked.wanted)
        after = audited_fields(fields_when_saved(asked.wanted))
        if after != audited(before):
            self._audit("extension.changed", asked.number, audited(before), after)
        for action in new.actions():
            self._audit(action, asked.number, {}, {})

    def link(self, asked: Candidate, row_id: int, user_ids: Mapping[str, int]) -> None:
        """Make the users and DIDs of an extension those that are wanted."""
        before = asked.before
        users = _set_apart(before.users if before else (), asked.wanted.users)
        dids = _set_apart(before.dids if before else (), asked.wanted.dids)
        for login in users[0]:
            if login in user_ids:  # else the user is gone, and the link too
                self._batch.delete(LINKS, {"extension_id": row_id, "user_id": user_ids[login]})
        for login in users[1]:
            self._batch.insert(LINKS, {"extension_id": row_id, "user_id": user_ids[login]})
        for did in dids[0]:
            self._batch.delete(Did, {"number": did})
            if not is_pattern(did):
                self._batch.delete(DialplanRow, {"context": DID_CONTEXT, "exten": did})
        for did in dids[1]:
            self._batch.insert(Did, {"number": did, "extension_id": row_id})
            if not is_pattern(did):
                self._batch.insert(DialplanRow, dialplan_columns(did_row(did, asked.number)))

    def _notify(self, before: ExtensionView | None, wanted: ExtensionInput) -> None:
        for kind in outdated_by(before, wanted) if before else ():
            self._batch.delete(AsteriskNotice, {"kind": kind.value, "subject": wanted.number})
        for kind, subject in notices_of(before, wanted):
            notice = {"kind": kind.value, "subject": subject, "attempts": 0, "last_error": ""}
            for node in self._nodes:
                self._batch.insert(AsteriskNotice, notice | {"node": node, "created_at": self._now})

    def _change_realtime(self, row: PlannedRow, stored: StoredRows) -> None:
        rows = realtime_rows(row.asked.wanted, row.asked.credentials, self._site)
        for model, key, columns in rows_by_table(row.asked.number, rows):
            present = stored.get((model, tuple(key.values())))
            if columns is None:
                if present is not None:
                    self._batch.delete(model, key)
                continue
            if present is None:
                self._batch.insert(model, inserted_columns(model, columns))
                continue
            changed = {name: value for name, value in columns.items() if present[name] != value}
            if model is VoicemailBox and not row.renewed.pin:
                # Its owner may choose another one by phone at this very moment.
                changed.pop("password", None)
            if changed:
                self._batch.update(model, key, changed)

    def _audit(
        self,
        action: str,
        number: str,
        before: Mapping[str, object],
        after: Mapping[str, object],
    ) -> None:
        entry = audit.entry(self._actor, action, number, before, after)
        entry["before"], entry["after"] = _as_json(entry["before"]), _as_json(entry["after"])
        entry["at"] = self._now
        self._batch.insert(AuditEntry, entry)


def realtime_keys(
    rows: Collection[PlannedRow], site: SiteDefaults
) -> Iterator[tuple[type[Model], Mapping[str, Any]]]:
    """Yield what must be read of Asterisk's tables before extensions are changed."""
    for row in rows:
        if row.asked.before is not None:
            wanted = realtime_rows(row.asked.wanted, row.asked.credentials, site)
            for model, key, _ in rows_by_table(row.asked.number, wanted):
                yield model, key


def has_links(asked: Candidate) -> bool:
    """Whether users or DIDs of the extension change."""
    users = asked.before.users if asked.before else []
    dids = asked.before.dids if asked.before else []
    return set(users) != set(asked.wanted.users) or set(dids) != set(asked.wanted.dids)


def has_patterns(asked: Candidate) -> bool:
    """Whether DIDs of the extension change that are patterns."""
    before = asked.before.dids if asked.before else []
    return any(is_pattern(did) for did in set(before) ^ set(asked.wanted.dids))


def groups_touched(rows: Iterable[PlannedRow]) -> set[str]:
    """Return the phone groups whose members these rows change."""
    found = set()
    for row in rows:
        found.add(row.asked.wanted.phone_group)
        if row.asked.before:
            found.add(row.asked.before.phone_group)
    return found - {""}


def devices_touched(rows: Iterable[PlannedRow]) -> list[str]:
    """Return the extensions that get another device by these rows."""
    return [
        row.asked.number
        for row in rows
        if row.asked.before and device_of(row.asked.before) != device_of(row.asked.wanted)
    ]


def users_touched(asked: Candidate) -> set[str]:
    """Return the logins of those to whom the extension is given, or of whom it is taken."""
    return set(asked.before.users if asked.before else ()) ^ set(asked.wanted.users)


def _set_apart(before: Collection[str], after: Collection[str]) -> tuple[list[str], list[str]]:
    """Return which are gone and which are new."""
    return sorted(set(before) - set(after)), sorted(set(after) - set(before))


def _as_json(value: object) -> str:
    """Return what Tortoise's JSONField stores."""
    return to_json(value).decode() if value else "{}"
