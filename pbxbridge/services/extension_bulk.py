"""The same change to many extensions: all that is read and checked is so before the transaction.

As the import of a file does it, of which this is a part: a save of each in one transaction would
keep Asterisk from writing for seconds, longer than it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from tortoise import Tortoise

from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.models.extension import DeviceType, Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.column import fits
from pbxbridge.services.extension_change import merged
from pbxbridge.services.extension_input import parse_extension, unparsed
from pbxbridge.services.extension_phone import carried_by
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extension_view import ExtensionView, fields_of
from pbxbridge.services.licences import Licences
from pbxbridge.services.sip_secrets import SipSecrets
from pbxbridge.services.stored_credentials import read_credentials
from pbxbridge.services.transfer.candidates import Candidate, Refused
from pbxbridge.services.transfer.conflicts import Conflicts
from pbxbridge.services.transfer.facts import mentioned_by, read_facts
from pbxbridge.services.transfer.plan import Action, Basis, PlannedRow, planned
from pbxbridge.services.transfer.progress import in_stretches, tell_nobody
from pbxbridge.services.transfer.stored import read_present
from pbxbridge.services.transfer.writing import PlanWriter

# How often it is looked again if an extension was changed between the look and the change.
ATTEMPTS = 5
# Rows have numbers only in a file.
NO_ROW = 0


class BulkChange:
    """Changes many extensions, all or none."""

    def __init__(
        self, site: SiteDefaults, licences: Licences, clock: Callable[[], datetime]
    ) -> None:
        self._site = site
        self._licences = licences
        self._now = clock

    async def change(
        self, actor: Actor, numbers: Collection[str], changes: Mapping[str, object]
    ) -> list[str]:
        """Make the changes; return the numbers of others that changed by that.

        Raises Invalid, whose fields are named ``<number>: <field>``, NotFound, Conflict if others
        keep changing the same extensions.
        """
        for _ in range(ATTEMPTS):
            try:
                basis, rows = await self._planned(numbers, changes)
                writer = PlanWriter(actor, self._site, self._licences, self._now())
                if rows:
                    await writer.write(basis, rows, tell_nobody)
            except Conflict:
                continue  # changed since it was read
            return [row.asked.number for row in rows if row.asked.number not in numbers]
        raise Conflict("Somebody is changing these extensions right now. Try again.")

    async def _planned(
        self, numbers: Collection[str], changes: Mapping[str, object]
    ) -> tuple[Basis, Sequence[PlannedRow]]:
        connection = Tortoise.get_connection("default")
        present = await read_present(
            connection, [n for n in numbers if fits(Extension, "number", n)]
        )
        if unknown := [number for number in numbers if number not in present]:
            raise NotFound(f"There is no extension {unknown[0]}.")
        asked, refused = await _candidates(present, changes, self._site.secrets)
        carriers = await _with_those_on_their_phones(asked, present, self._site.secrets)
        mentioned = mentioned_by(asked)
        facts = await read_facts(connection, mentioned)
        for row in asked:
            if row.before and facts.versions[row.number][1] != row.before.version:
                raise Conflict(f"Extension {row.number} is being changed just now.")
        licences = await self._licences.view()
        basis = Basis(mentioned, facts, frozenset(), licences, self._site.can_link)
        rows = [planned(row) for row in asked]
        conflicts = Conflicts([(r.asked, r.action is not Action.NOTHING) for r in rows], refused)
        wrong = {f"{r.number}: {name}": why for r in refused for name, why in r.problems.items()}
        for found in conflicts.problems(facts, basis.taken, licences, can_link=basis.can_link):
            key, why = f"{found.number}: {found.field}", found.sentence
            if found.number in carriers:
                key = f"{carriers[found.number]}: mac"
                why = f"SIP-VIRTUAL {found.number} cannot come along: {why}"
            wrong.setdefault(key, why)
        if wrong:
            raise Invalid(wrong)
        return basis, [row for row in rows if row.action is not Action.NOTHING]


async def _candidates(
    present: Mapping[str, ExtensionView], changes: Mapping[str, object], secrets: SipSecrets
) -> tuple[list[Candidate], list[Refused]]:
    """Return what is asked of each, and what is wrong with it by itself."""
    stored = await read_credentials(Tortoise.get_connection("default"), present, secrets)
    asked, refused = [], []
    async for some in in_stretches(list(present.items()), "Checking", tell_nobody):
        for number, before in some:
            own = stored[number]
            try:
                wanted = parse_extension({**fields_of(before), **changes, "number": number})
                credentials = merged(own, wanted)
            except Invalid as invalid:
                refused.append(Refused(NO_ROW, number, invalid.fields, str(changes.get("mac", ""))))
            else:
                asked.append(Candidate(NO_ROW, number, wanted, credentials, before, own, ()))
    return asked, refused


async def _with_those_on_their_phones(
    asked: list[Candidate], present: Mapping[str, ExtensionView], secrets: SipSecrets
) -> Mapping[str, str]:
    """Add the SIP-VIRTUALs that go to another phone with an extension; return what carries each."""
    carriers, macs = {}, {}
    for row in asked:
        before, wanted = row.before, row.wanted
        stays = wanted.device_type is DeviceType.SIP and wanted.mac
        if before is None or not stays or wanted.mac == before.mac:
            continue
        for virtual in await carried_by(row.number, before.device_type, before.mac):
            if virtual.number not in present:
                carriers[virtual.number], macs[virtual.number] = row.number, wanted.mac
    connection = Tortoise.get_connection("default")
    stored = await read_credentials(connection, carriers, secrets)
    for number, view in (await read_present(connection, carriers)).items():
        moved, own = unparsed({**fields_of(view), "mac": macs[number]}), stored[number]
        asked.append(Candidate(NO_ROW, number, moved, merged(own, moved), view, own, ()))
    return carriers
