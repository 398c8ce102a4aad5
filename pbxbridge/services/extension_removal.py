"""Deleting an extension: what still uses it, and that nothing of it is left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import Q

from pbxbridge.models.calling import PhoneGroup
from pbxbridge.models.extension import DeviceType, Extension
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.realtime.rows import mailbox_of
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.static_members import leave_queues, queue_usages
from pbxbridge.services.calling.inbound import clear_unknown_did
from pbxbridge.services.calling.plan import UNKNOWN_DID, read_setting
from pbxbridge.services.extension_input import FORWARDS, SIP_TYPES, TARGETS, unparsed
from pbxbridge.services.extension_phone import carried_by
from pbxbridge.services.extension_saver import ExtensionSaver
from pbxbridge.services.extension_store import look_up, views, write_dids, write_users
from pbxbridge.services.extension_view import ExtensionView, audited, fields_of
from pbxbridge.services.invitations.withdrawing import discard_mails
from pbxbridge.services.licences import Licences, licences_for
from pbxbridge.services.notify import notify
from pbxbridge.services.states.history import forget
from pbxbridge.services.usages import Usage


@dataclass(frozen=True, slots=True)
class Outside:
    """What only others know of the extensions.

    ``registered`` are those with a device; ``unheard`` counts the messages of each box, without
    those that cannot be counted now; ``agents`` are the numbers of agents who are logged in.
    """

    registered: Collection[str]
    unheard: Mapping[str, int]
    agents: Mapping[str, str] = field(default_factory=dict)


async def leaving(number: str, transaction: TransactionalDBClient | None = None) -> list[Extension]:
    """Return the extension and the SIP-VIRTUALs that cannot stay on its device without it."""
    row = await look_up(number, transaction)
    if row is None:
        return []
    return [row, *await carried_by(row.number, row.device_type, row.mac, transaction)]


async def usages_of(
    gone: Sequence[Extension],
    outside: Outside,
    transaction: TransactionalDBClient | None = None,
) -> list[Usage]:
    """Return what uses the extensions that leave, the deleted one first among them."""
    found = [
        Usage(f"sip-virtual:{row.number}", f"SIP-VIRTUAL extension {row.number} is on its device.")
        for row in gone[1:]
    ]
    for view in await views(gone, transaction):
        found += _own_usages(view, outside)
        found += await queue_usages(view.number, transaction)
        found += await _pointing_at(view.number, {row.number for row in gone}, transaction)
    return found


async def remove(
    transaction: TransactionalDBClient,
    actor: Actor,
    gone: Sequence[Extension],
    saver: ExtensionSaver,
    licences: Licences,
) -> list[str]:
    """Delete the extensions with every trace; return the numbers of others that changed by that."""
    numbers = {row.number for row in gone}
    changed = await _clear_references(transaction, actor, numbers, saver)
    for row, view in zip(gone, await views(gone, transaction), strict=True):
        await saver.writer(transaction).erase(row.number)
        await write_dids(transaction, row, [])
        await write_users(transaction, row, [])
        await leave_queues(transaction, row)
        await row.delete(using_db=transaction)
        await saver.leave_groups(transaction, row.number, view.phone_group)
        await clear_unknown_did(transaction, row.number)
        await forget(transaction, row.number)
        await discard_mails(transaction, row.number, "The extension was deleted.")
        await licences.change(transaction, -licences_for(view.device_type))
        if view.device_type in SIP_TYPES:
            await notify(transaction, NoticeKind.FORGET_CONTACTS, row.number)
        if view.device_type is DeviceType.IAX2:
            await notify(transaction, NoticeKind.FORGET_PEER, row.number)
        await notify(transaction, NoticeKind.FORGET_MAILBOX, mailbox_of(row.number))
        await audit.record(
            transaction, actor, "extension.deleted", row.number, before=audited(view)
        )
    return changed


def _own_usages(view: ExtensionView, outside: Outside) -> list[Usage]:
    number, found = view.number, []
    if number in outside.registered:
        found.append(Usage(f"device:{number}", f"A device is registered as {number}."))
    if view.voicemail:
        messages = _messages(outside.unheard.get(number))
        found.append(Usage(f"mailbox:{number}", f"Voicemail box {number} has {messages}."))
    found += [Usage(f"did:{did}", f"DID {did} rings {number}.") for did in view.dids]
    if view.phone_group:
        sentence = f"{number} is a member of phone group {view.phone_group}."
        found.append(Usage(f"phone-group:{number}", sentence))
    if agent := outside.agents.get(number):
        found.append(Usage(f"agent:{number}", f"Agent {agent} is logged in at {number}."))
    return found


def _messages(unheard: int | None) -> str:
    if unheard is None:
        return "messages that cannot be counted now"
    return f"{unheard} unheard message{'' if unheard == 1 else 's'}"


async def _pointing_at(
    number: str, leaving_too: Collection[str], transaction: TransactionalDBClient | None
) -> list[Usage]:
    found = []
    for row in await _referring({number}, transaction):
        if row.number in leaving_too:
            continue
        if any(getattr(row, name) == number for name in FORWARDS):
            sentence = f"Extension {row.number} forwards calls to {number}."
            found.append(Usage(f"forward:{row.number}", sentence))
        if row.twinning_number == number:
            found.append(Usage(f"twin:{row.number}", f"Extension {row.number} rings {number} too."))
    for group in await PhoneGroup.filter(fallback=number).using_db(transaction).order_by("name"):
        sentence = f"Phone group {group.name} sends what nobody answers to {number}."
        found.append(Usage(f"group-fallback:{group.name}", sentence))
    if await read_setting(UNKNOWN_DID, transaction) == number:
        found.append(Usage(f"unknown-did:{number}", f"Calls to unknown DIDs ring {number}."))
    return found


async def _referring(
    numbers: Collection[str], transaction: TransactionalDBClient | None
) -> list[Extension]:
    wanted = list(numbers)
    pointing = Q(twinning_number__in=wanted)
    for name in FORWARDS:
        pointing |= Q(**{f"{name}__in": wanted})  # type: ignore[arg-type]  # Tortoise types the keys only
    return await Extension.filter(pointing).using_db(transaction).order_by("sort_key")


async def _clear_references(
    transaction: TransactionalDBClient,
    actor: Actor,
    numbers: Collection[str],
    saver: ExtensionSaver,
) -> list[str]:
    changed = []
    for row in await _referring(numbers, transaction):
        if row.number in numbers:
            continue
        (view,) = await views([row], transaction)
        fields = fields_of(view)
        cleared = {name: "" for name in TARGETS if fields[name] in numbers}
        # Not parsed again: a VIRTUAL extension that only forwarded to this one stays, and says so.
        wanted = unparsed({**fields, **cleared})
        await saver.change(transaction, actor, row, wanted, clearing=True)
        changed.append(row.number)
    return changed
