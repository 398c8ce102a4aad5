"""What only the database can say against an extension: all of it at once, not the first alone.

Everything here works in the transaction that is to save the extension.
"""

from __future__ import annotations

from collections.abc import Mapping

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.calling import ClassOfService
from pbxbridge.models.extension import DeviceType, Did, Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.people import User
from pbxbridge.realtime.rows import mailbox_of
from pbxbridge.services.calling.checks import wrong_as_number
from pbxbridge.services.column import fits
from pbxbridge.services.extension_change import FORGETTING
from pbxbridge.services.extension_input import ExtensionInput


async def wrong_number(transaction: TransactionalDBClient, number: str) -> Mapping[str, str]:
    """Return why a new extension cannot have this number, a sentence by field; empty if it can."""
    if await Extension.filter(number=number).using_db(transaction).exists():
        return {"number": f"Extension {number} exists already."}
    pending = AsteriskNotice.filter(
        kind__in=list(FORGETTING), subject__in=[number, mailbox_of(number)]
    )
    if await pending.using_db(transaction).exists():
        sentence = "What was left of the old extension is still being removed. Try again."
        return {"number": sentence}
    return await wrong_as_number(transaction, number)


async def wrong_references(
    transaction: TransactionalDBClient, wanted: ExtensionInput
) -> Mapping[str, str]:
    """Return what is not there, or another extension has already: a sentence by field."""
    return {
        **await _wrong_class(transaction, wanted.class_of_service),
        **await _wrong_device(transaction, wanted),
        **await _wrong_users(transaction, wanted),
        **await _wrong_dids(transaction, wanted),
    }


async def _wrong_class(transaction: TransactionalDBClient, name: str) -> Mapping[str, str]:
    named = ClassOfService.filter(name=name).using_db(transaction)
    if fits(ClassOfService, "name", name) and await named.exists():
        return {}
    return {"class_of_service": "Choose one of the list."}


async def _wrong_device(
    transaction: TransactionalDBClient, wanted: ExtensionInput
) -> Mapping[str, str]:
    """Another extension has this place on the device, or nobody has the device."""
    others = Extension.exclude(number=wanted.number).using_db(transaction)
    wrong = {}
    if wanted.mac:
        phone = others.filter(mac=wanted.mac)
        taken = await phone.filter(registration_number=wanted.registration_number).first()
        primary = phone.filter(device_type=DeviceType.SIP)
        if taken:
            sentence = f"This place on the phone belongs to extension {taken.number}."
            wrong["registration_number"] = sentence
        if wanted.device_type is DeviceType.SIP_VIRTUAL and not await primary.exists():
            wrong["mac"] = "There is no SIP extension with this MAC address to join."
    if wanted.dahdi_channel.isdecimal():
        owner = await others.filter(dahdi_channel=wanted.dahdi_channel).first()
        if owner:
            wrong["dahdi_channel"] = f"This channel belongs to extension {owner.number}."
    return wrong


async def _wrong_users(
    transaction: TransactionalDBClient, wanted: ExtensionInput
) -> Mapping[str, str]:
    if not wanted.users:
        return {}
    known = User.filter(login__in=wanted.users).using_db(transaction)
    unknown = set(wanted.users) - set(await known.values_list("login", flat=True))
    return {"users": f"There is no user {', '.join(sorted(unknown))}."} if unknown else {}


async def _wrong_dids(
    transaction: TransactionalDBClient, wanted: ExtensionInput
) -> Mapping[str, str]:
    if not wanted.dids:
        return {}
    held = Did.filter(number__in=wanted.dids).exclude(extension__number=wanted.number)
    owners = await held.using_db(transaction).values_list("number", "extension__number")
    sentences = [f"DID {did} belongs to extension {owner}." for did, owner in sorted(owners)]
    return {"dids": " ".join(sentences)} if sentences else {}
