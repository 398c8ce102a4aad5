"""What the database says that an import depends on, read for the extensions of one file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tortoise.backends.base.client import BaseDBAsyncClient

from dialplan.extension_row import CONTEXT as EXTENSIONS_CONTEXT
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import DeviceType, Did, Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.people import User
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    VoicemailBox,
)
from pbxbridge.realtime.rows import MAILBOX_CONTEXT, auth_override_of, mailbox_of
from pbxbridge.services.calling.forwards import Forwards, read_forwards
from pbxbridge.services.calling.plan import Plan, read_plan
from pbxbridge.services.extension_change import FORGETTING
from pbxbridge.services.extension_input import SIP_TYPES, TARGETS, ExtensionInput
from pbxbridge.services.nodes import node_names
from pbxbridge.services.transfer.candidates import Candidate
from pbxbridge.services.transfer.lookup import by_key, rows_with

_PLACE = ("number", "device_type", "mac", "registration_number", "dahdi_channel")


class Place(NamedTuple):
    """Where the device of an extension is."""

    number: str
    device_type: DeviceType
    mac: str
    registration_number: int
    dahdi_channel: str


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What the extensions of a file name, apart from themselves."""

    numbers: frozenset[str]
    macs: frozenset[str]
    channels: frozenset[str]
    dids: frozenset[str]
    logins: frozenset[str]
    targets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan depends on: as long as these are equal, so is the plan.

    ``versions`` has id and version of each extension that is there; ``neighbours`` are the
    extensions on a device or channel that the file names; ``did_owners`` and ``user_ids`` have
    those that are there; ``leaving`` are the numbers whose last owner Asterisk is yet to forget.
    ``forwards`` has those of the extensions and groups that forwards of the file lead to, as far as
    they lead; ``group_numbers`` are those that no extension can have. ``nodes`` are the Asterisks.
    """

    versions: Mapping[str, tuple[int, int]]
    neighbours: Mapping[str, Place]
    did_owners: Mapping[str, str]
    user_ids: Mapping[str, int]
    plan: Plan
    forwards: Forwards
    group_numbers: frozenset[str]
    leaving: frozenset[str]
    nodes: Sequence[str]

    @property
    def classes(self) -> Collection[str]:
        """The names of the classes of service."""
        return self.plan.classes.keys()


def mentioned_by(rows: Iterable[Candidate]) -> Mentioned:
    """Return what the extensions of these rows name."""
    numbers, macs, channels, dids = set(), set(), set(), set()
    logins: set[str] = set()
    targets: set[str] = set()
    for row in rows:
        wanted = row.wanted
        numbers.add(wanted.number)
        dids.update(wanted.dids)
        logins.update(wanted.users)
        targets.update(getattr(wanted, name) for name in TARGETS)
        if row.before:
            logins.update(row.before.users)
            macs.add(row.before.mac)
        if wanted.mac:
            macs.add(wanted.mac)
        if wanted.dahdi_channel:
            channels.add(wanted.dahdi_channel)
    macs.discard("")
    targets.discard("")
    return Mentioned(*map(frozenset, (numbers, macs, channels, dids, logins, targets)))


async def read_facts(connection: BaseDBAsyncClient, mentioned: Mentioned) -> Facts:
    """Read what is so now."""
    found = await rows_with(
        connection, Extension, ("number", "id", "version"), "number", mentioned.numbers
    )
    groups = await rows_with(connection, PhoneGroup, ("number",), "number", mentioned.numbers)
    return Facts(
        versions={number: (row_id, version) for number, row_id, version in found},
        neighbours=await _neighbours(connection, mentioned),
        did_owners=await _did_owners(connection, mentioned.dids),
        user_ids=await by_key(connection, User, "login", "id", mentioned.logins),
        plan=await read_plan(connection),
        forwards=await read_forwards(connection, mentioned.targets),
        group_numbers=frozenset(number for (number,) in groups),
        leaving=await _leaving(connection),
        nodes=await node_names(connection),
    )


async def read_taken(
    connection: BaseDBAsyncClient, new: Iterable[ExtensionInput]
) -> frozenset[str]:
    """Return the numbers of new extensions for which Asterisk's tables hold rows of another's."""
    every = list(new)
    sip = [one.number for one in every if one.device_type in SIP_TYPES]
    overrides = {auth_override_of(o.number): o.number for o in every if o.auth_username}
    boxes = [one.number for one in every if one.voicemail]
    iax = [one.number for one in every if one.device_type is DeviceType.IAX2]
    numbers = [one.number for one in every]
    rows = [
        *await rows_with(connection, PsEndpoint, ("id",), "id", sip),
        *await rows_with(connection, PsAuth, ("id",), "id", sip),
        *await rows_with(connection, PsAor, ("id",), "id", sip),
        *await rows_with(connection, IaxFriend, ("name",), "name", iax),
        *await rows_with(
            connection, DialplanRow, ("exten",), "exten", numbers, context=EXTENSIONS_CONTEXT
        ),
        *await rows_with(
            connection, VoicemailBox, ("mailbox",), "mailbox", boxes, context=MAILBOX_CONTEXT
        ),
    ]
    overriding = await rows_with(connection, PsAuth, ("id",), "id", overrides)
    return frozenset(key for (key,) in rows) | {overrides[key] for (key,) in overriding}


async def _neighbours(connection: BaseDBAsyncClient, mentioned: Mentioned) -> dict[str, Place]:
    rows = [
        *await rows_with(connection, Extension, _PLACE, "mac", mentioned.macs),
        *await rows_with(connection, Extension, _PLACE, "dahdi_channel", mentioned.channels),
    ]
    return {row[0]: Place(row[0], DeviceType(row[1]), *row[2:]) for row in rows}


async def _did_owners(connection: BaseDBAsyncClient, dids: Collection[str]) -> dict[str, str]:
    held = await by_key(connection, Did, "number", "extension_id", dids)
    numbers = await by_key(connection, Extension, "id", "number", set(held.values()))
    return {did: numbers[owner] for did, owner in held.items()}


async def _leaving(connection: BaseDBAsyncClient) -> frozenset[str]:
    pending = AsteriskNotice.filter(kind__in=list(FORGETTING)).using_db(connection)
    suffix = mailbox_of("")
    subjects = await pending.values_list("subject", flat=True)
    return frozenset(str(subject).removesuffix(suffix) for subject in subjects)
