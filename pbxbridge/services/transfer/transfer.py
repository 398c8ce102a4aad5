"""Imports and exports extensions as CSV: what a file would do, doing it, writing a file."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from tortoise import Tortoise

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.extension_change import NO_CREDENTIALS
from pbxbridge.services.extension_events import saved
from pbxbridge.services.extension_store import SiteDefaults, views
from pbxbridge.services.licences import Licences
from pbxbridge.services.sip_secrets import SipSecrets
from pbxbridge.services.stored_credentials import read_credentials
from pbxbridge.services.transfer.candidates import (
    Candidate,
    LeftOut,
    Refused,
    candidate,
    number_in,
)
from pbxbridge.services.transfer.cells import EXPORTED, cells_of
from pbxbridge.services.transfer.csv_format import CsvTable, read_table, written
from pbxbridge.services.transfer.facts import (
    mentioned_by,
    read_facts,
    read_taken,
)
from pbxbridge.services.transfer.importers import AUTO, Reading, reading_of
from pbxbridge.services.transfer.plan import Action, Basis, Plan, make_plan
from pbxbridge.services.transfer.progress import Tell, in_stretches, tell_nobody, without_gc
from pbxbridge.services.transfer.stored import read_present
from pbxbridge.services.transfer.writing import PlanWriter

AT_ONCE = 1000
CHECKING = "Checking"


@dataclass(frozen=True, slots=True)
class Imported:
    """How many extensions an import created, changed, and found as they should be."""

    created: int
    changed: int
    untouched: int


class Transfer:
    """Moves extensions in and out by files."""

    def __init__(
        self,
        bus: EventBus,
        site: SiteDefaults,
        licences: Licences,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._bus = bus
        self._site = site
        self._licences = licences
        self._now = clock

    async def plan(self, data: bytes, file_format: str = AUTO, tell: Tell = tell_nobody) -> Plan:
        """Return what a file would do; nothing is written.

        Raises Invalid for a file that cannot be read at all, Conflict if extensions of the file
        are changed at this very moment.
        """
        with without_gc():
            return await self._plan(data, file_format, tell)

    async def apply(self, actor: Actor, plan: Plan, tell: Tell = tell_nobody) -> Imported:
        """Do what a plan says, all of it or nothing.

        Raises Invalid if the plan has errors, Conflict if it holds no more.
        """
        if plan.errors:
            raise Invalid({"": "There are mistakes in the file. Nothing was imported."})
        if rows := list(plan.to_write()):
            writer = PlanWriter(actor, self._site, self._licences, self._now())
            with without_gc():
                await writer.write(plan.basis, rows, tell)
            for row in rows:
                self._bus.publish(saved(row.asked.wanted))
            self._bus.publish(OutboxChanged())
        return Imported(*(plan.counts[action] for action in Action))

    async def export(self) -> AsyncIterator[bytes]:
        """Yield all extensions as a CSV file in dialling order, without what is secret."""
        yield written([EXPORTED], mark=True)
        last = ""
        # By key rather than by page: what is added meanwhile makes no row come twice.
        while some := await Extension.filter(sort_key__gt=last).order_by("sort_key").limit(AT_ONCE):
            yield written(cells_of(view) for view in await views(some))
            last = some[-1].sort_key

    async def _plan(self, data: bytes, file_format: str, tell: Tell) -> Plan:
        table = read_table(data)
        reading = reading_of(table.columns, file_format)
        rows = await _candidates(table, reading, self._site.secrets, tell)
        good = [row for row in rows if isinstance(row, Candidate)]
        connection = Tortoise.get_connection("default")
        mentioned = mentioned_by(good)
        facts = await read_facts(connection, mentioned)
        for row in good:
            _, version = facts.versions.get(row.number, (0, 0))
            if version != (row.before.version if row.before else 0):
                raise Conflict(f"Extension {row.number} is being changed just now. Try again.")
        new = [row.wanted for row in good if row.before is None]
        taken = await read_taken(connection, new)
        licences = await self._licences.view()
        basis = Basis(mentioned, facts, taken, licences, self._site.can_link)
        file_hash = hashlib.sha256(data).digest()
        return make_plan(reading, rows, _ignored(table, reading), basis, file_hash)


async def _candidates(
    table: CsvTable, reading: Reading, secrets: SipSecrets, tell: Tell
) -> list[Candidate | Refused | LeftOut]:
    extracted = [(row.row, reading.extract(row.cells)) for row in table.rows]
    connection = Tortoise.get_connection("default")
    present = await read_present(connection, {number_in(one) for _, one in extracted})
    stored = await read_credentials(connection, present, secrets)
    rows: list[Candidate | Refused | LeftOut] = [
        Refused(row, "", {"": sentence}) for row, sentence in table.ragged.items()
    ]
    async for some in in_stretches(extracted, CHECKING, tell):
        for row, one in some:
            number = number_in(one)
            credentials = stored.get(number, NO_CREDENTIALS)
            rows.append(candidate(row, one, reading, present.get(number), credentials))
    return rows


def _ignored(table: CsvTable, reading: Reading) -> tuple[str, ...]:
    """Return the columns without a counterpart that have something to lose."""
    return tuple(
        column for column in reading.ignored if any(row.cells[column] for row in table.rows)
    )
