"""What rows that are right by themselves cannot be together, or with what is there. Pure.

What counts is what would be there in the end, so two rows may swap a DID or a place on a phone.
The rules are those of a single save (../extension_checks.py, ../extension_saver.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pbxbridge.models.extension import DeviceType
from pbxbridge.services.calling.call_rules import OutsideRules, forward_hops, wrong_calls
from pbxbridge.services.extension_change import wrong_links
from pbxbridge.services.extension_input import FORWARDS
from pbxbridge.services.licences import LicenceView, licences_for
from pbxbridge.services.transfer.candidates import Candidate, Refused
from pbxbridge.services.transfer.facts import Facts, Place


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a field of a row."""

    row: int
    number: str
    field: str
    sentence: str


class Conflicts:
    """Looks for conflicts among the rows of one file."""

    def __init__(self, rows: Sequence[tuple[Candidate, bool]], refused: Sequence[Refused]) -> None:
        """Take the rows, each with whether it would change anything.

        What would change nothing is never a mistake: it is so already.
        """
        self._rows = [row for row, _ in rows]
        self._changing = [row for row, changes in rows if changes]
        self._by_number = {row.number: row for row in reversed(self._rows)}
        # Whether these rows' device is a primary is not known: they are given the benefit.
        self._unclear_macs = {re.sub(r"[^0-9a-f]", "", row.mac.lower()) for row in refused}
        self._refused = refused

    def problems(
        self, facts: Facts, taken: Collection[str], licences: LicenceView, *, can_link: bool
    ) -> Iterator[RowProblem]:
        """Yield every conflict, in no particular order."""
        yield from self._doubles()
        rules = OutsideRules(facts.plan)
        yield from self._new_numbers(facts, taken, rules)
        yield from self._unknown_names(facts)
        # All extensions on the devices that the file names, as they would be in the end.
        places = {
            number: place
            for number, place in facts.neighbours.items()
            if number not in self._by_number
        }
        places |= {
            row.number: _place(row)
            for row in self._rows
            if row.wanted.mac or row.wanted.dahdi_channel
        }
        yield from self._places(places)
        yield from self._orphans(_primaries(facts.neighbours), _primaries(places))
        yield from self._left_behind(places, _primaries(places))
        yield from self._dids(facts)
        yield from self._calls(facts, rules)
        yield from self._links(can_link)
        yield from self._too_many(licences)

    def _doubles(self) -> Iterator[RowProblem]:
        numbered = [(row.row, row.number) for row in self._rows]
        numbered += [(row.row, row.number) for row in self._refused if row.number]
        first: dict[str, int] = {}
        for row, number in sorted(numbered):
            if (other := first.setdefault(number, row)) != row:
                sentence = f"Extension {number} stands in row {other} and again in row {row}."
                yield RowProblem(row, number, "number", sentence)

    def _new_numbers(
        self, facts: Facts, taken: Collection[str], rules: OutsideRules
    ) -> Iterator[RowProblem]:
        for row in self._changing:
            if row.before is None and row.number in facts.group_numbers:
                sentence = f"{row.number} is the number of a phone group."
                yield RowProblem(row.row, row.number, "number", sentence)
            elif row.before is None and (route := rules.is_emergency(row.number)):
                sentence = f"This is an emergency number (route {route})."
                yield RowProblem(row.row, row.number, "number", sentence)
            if row.before is None and row.number in facts.leaving:
                sentence = "What was left of the old extension is still being removed. Try again."
                yield RowProblem(row.row, row.number, "number", sentence)
            if row.before is None and row.number in taken:
                sentence = f"Asterisk's tables hold a {row.number} that was not made here."
                yield RowProblem(row.row, row.number, "number", sentence)

    def _unknown_names(self, facts: Facts) -> Iterator[RowProblem]:
        for row in self._changing:
            wanted = row.wanted
            if wanted.class_of_service not in facts.classes:
                sentence = f"Choose one of {', '.join(sorted(facts.classes))}."
                yield RowProblem(row.row, row.number, "class_of_service", sentence)
            if wanted.users and not facts.user_ids.keys() >= set(wanted.users):
                unknown = sorted(set(wanted.users) - facts.user_ids.keys())
                sentence = f"There is no user {', '.join(unknown)}."
                yield RowProblem(row.row, row.number, "users", sentence)

    def _calls(self, facts: Facts, rules: OutsideRules) -> Iterator[RowProblem]:
        hops = dict(facts.forwards)
        for row in self._rows:
            forwards = {name: getattr(row.wanted, name) for name in FORWARDS}
            hops[row.number] = forward_hops(row.number, forwards)
        for refused in self._refused:
            # Whether it is there in the end is not known: it is given the benefit.
            hops.setdefault(refused.number, ())
        for row in self._changing:
            for field, sentence in wrong_calls(row.wanted, row.before, rules, hops.get).items():
                yield RowProblem(row.row, row.number, field, sentence)

    def _links(self, can_link: bool) -> Iterator[RowProblem]:
        for row in self._changing:
            for field, sentence in wrong_links(row.before, row.wanted, can_link=can_link).items():
                yield RowProblem(row.row, row.number, field, sentence)

    def _places(self, places: Mapping[str, Place]) -> Iterator[RowProblem]:
        yield from self._shared(
            places,
            _place_on_phone,
            "registration_number",
            "This place on the phone belongs to extension {}.",
        )
        yield from self._shared(
            places, _own_channel, "dahdi_channel", "This channel belongs to extension {}."
        )

    def _shared(
        self,
        places: Mapping[str, Place],
        place_of: Callable[[Place], Hashable],
        field: str,
        sentence: str,
    ) -> Iterator[RowProblem]:
        owners: dict[Hashable, list[str]] = defaultdict(list)
        for place in places.values():
            if (key := place_of(place)) is not None:
                owners[key].append(place.number)
        shared = {key: numbers for key, numbers in owners.items() if len(numbers) > 1}
        if not shared:
            return
        for row in self._changing:
            key = place_of(_place(row))
            others = [number for number in shared.get(key, ()) if number != row.number]
            if others:
                why = sentence.format(self._named(others[0]))
                yield RowProblem(row.row, row.number, field, why)

    def _orphans(self, before: Collection[str], after: Collection[str]) -> Iterator[RowProblem]:
        """Yield the SIP-VIRTUALs that no device would carry; these are the MACs that have one."""
        virtual = [r for r in self._rows if r.wanted.device_type is DeviceType.SIP_VIRTUAL]
        changing = {row.number for row in self._changing} if virtual else set()
        for row in virtual:
            mac = row.wanted.mac
            if mac in after or mac in self._unclear_macs:
                continue
            if row.number in changing or mac in before:
                sentence = "There is no SIP extension with this MAC address to join."
                yield RowProblem(row.row, row.number, "mac", sentence)

    def _left_behind(
        self, places: Mapping[str, Place], carriers: Collection[str]
    ) -> Iterator[RowProblem]:
        """Yield the rows that take a phone away from SIP-VIRTUALs which are not in the file."""
        orphans = defaultdict(list)
        for place in places.values():
            if place.device_type is DeviceType.SIP_VIRTUAL and place.number not in self._by_number:
                orphans[place.mac].append(place.number)
        for row in self._changing:
            before = row.before
            if before is None or before.device_type is not DeviceType.SIP:
                continue
            if before.mac in carriers or not (left := orphans.get(before.mac)):
                continue
            sentence = (
                f"SIP-VIRTUAL {', '.join(sorted(left))} would be on no device. Move that, too."
            )
            yield RowProblem(row.row, row.number, "mac", sentence)

    def _dids(self, facts: Facts) -> Iterator[RowProblem]:
        owners = {
            did: number for did, number in facts.did_owners.items() if number not in self._by_number
        }
        for row in self._rows:
            for did in row.wanted.dids:
                owner = owners.setdefault(did, row.number)
                if owner != row.number:
                    sentence = f"DID {did} belongs to extension {self._named(owner)}."
                    yield RowProblem(row.row, row.number, "dids", sentence)

    def _too_many(self, licences: LicenceView) -> Iterator[RowProblem]:
        if licences.total is None:
            return
        used = licences.used
        for row in self._changing:
            before = licences_for(row.before.device_type) if row.before else 0
            used += licences_for(row.wanted.device_type) - before
        if used <= max(licences.total, licences.used):
            return
        last = self._changing[-1]
        sentence = (
            f"{used} licences would be in use, of {licences.total}. "
            "VIRTUAL and SIP-VIRTUAL extensions need none."
        )
        yield RowProblem(last.row, last.number, "device_type", sentence)

    def _named(self, number: str) -> str:
        row = self._by_number.get(number)
        return f"{number} (row {row.row})" if row and row.row else number


def _place(row: Candidate) -> Place:
    wanted = row.wanted
    return Place(
        wanted.number,
        wanted.device_type,
        wanted.mac,
        wanted.registration_number,
        wanted.dahdi_channel,
    )


def _place_on_phone(place: Place) -> Hashable:
    return (place.mac, place.registration_number) if place.mac else None


def _own_channel(place: Place) -> Hashable:
    # A group such as g0 is for several.
    return place.dahdi_channel if place.dahdi_channel.isdecimal() else None


def _primaries(places: Mapping[str, Place]) -> set[str]:
    return {
        place.mac for place in places.values() if place.mac and place.device_type is DeviceType.SIP
    }
