"""Which phones are down: those that were asked and do not answer any more.

A phone is down from the moment at which it turns UNREACHABLE, and remains so when Asterisk gives
it up (UNKNOWN), until it answers, is not to be asked any more, or is not registered. One that
un-registers is not down, nor is one that has just registered and was not yet asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.mirror.endpoint import Status
from pbxbridge.models.alert import DownPhone
from pbxbridge.models.node import StoredState
from pbxbridge.realtime.trunk_rows import trunk_name
from pbxbridge.services.states.alert_rules import Down
from pbxbridge.services.states.change import Change
from pbxbridge.services.states.state_tables import delete_rows, insert_rows

SILENT = (Status.UNREACHABLE, Status.UNKNOWN)
# As many rows are asked for at once: few questions, and none that holds the others up.
SLICE = 1000

_TABLE = "portal_down_phones"
_KEY = {"node": "text", "endpoint": "text"}
_ROW = {**_KEY, "since": "timestamptz"}

Key = tuple[str, str]


async def follow_phones_down(transaction: TransactionalDBClient, changes: Sequence[Change]) -> None:
    """Store which phones these changes took down, and forget those that they brought back.

    Of one that was down already, it is the first moment that counts.
    """
    back, down = _net(changes)
    if back:
        await delete_rows(transaction, _TABLE, _KEY, back)
    if down:
        rows = [(*key, str(at)) for key, at in down.items()]
        await insert_rows(transaction, _TABLE, _ROW, rows, "ON CONFLICT DO NOTHING")


async def phones_down() -> list[Down]:
    """Return what is down now; a row whose endpoint is no longer followed counts for nothing."""
    found: list[Down] = []
    last = 0
    while rows := await _after(last):
        last = rows[-1][0]
        states = StoredState.filter(
            endpoint__in=[endpoint for _, _, endpoint, _ in rows], status__in=SILENT
        )
        silent = set(await states.values_list("node", "endpoint"))
        found += [
            Down(node, endpoint, since, bool(trunk_name(endpoint)))
            for _, node, endpoint, since in rows
            if (node, endpoint) in silent
        ]
    return found


async def _after(last: int) -> list[tuple[int, str, str, datetime]]:
    rows = DownPhone.filter(id__gt=last).order_by("id").limit(SLICE)
    return list(await rows.values_list("id", "node", "endpoint", "since"))


def _net(changes: Iterable[Change]) -> tuple[list[Key], dict[Key, datetime]]:
    """Return what must have no older row any more, and what is down in the end, since when."""
    back: dict[Key, None] = {}
    down: dict[Key, datetime] = {}
    for change in changes:
        key = (change.node, change.endpoint)
        if change.status == Status.UNREACHABLE:
            down.setdefault(key, change.at)
            if change.before not in SILENT:
                back[key] = None  # one of a time before, in which it was not followed to its end
        elif change.status != Status.UNKNOWN:
            down.pop(key, None)
            if change.before in SILENT:  # no other has a row
                back[key] = None
    return list(back), down
