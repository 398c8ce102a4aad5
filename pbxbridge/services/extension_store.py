"""From what is wanted to what is stored: the portal's row, its links, and Asterisk's rows.

Everything here works in a transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.expressions import F

from dialplan.extension_row import CallRules
from dialplan.inbound import CONTEXT as DID_CONTEXT
from dialplan.inbound import did_row, is_pattern
from pbxbridge.errors import NotFound
from pbxbridge.models.extension import DeviceType, Did, Extension
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.models.people import User
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.realtime.rows import (
    DahdiDevice,
    Device,
    ExtensionFacts,
    Iax2Device,
    RealtimeRows,
    SipDevice,
    auth_override_of,
    call_rules,
    dialplan_columns,
    rows_of,
)
from pbxbridge.services.calling.plan import rewrite
from pbxbridge.services.clock import utc_now
from pbxbridge.services.column import fits
from pbxbridge.services.extension_change import (
    NO_CREDENTIALS,
    Credentials,
    columns_of,
    mail_since,
)
from pbxbridge.services.extension_input import SIP_TYPES, ExtensionInput, unparsed
from pbxbridge.services.extension_view import ExtensionView, stored_columns, view_of
from pbxbridge.services.invitations.newest import states_of
from pbxbridge.services.sip_secrets import IN_CLEAR, SipSecrets
from pbxbridge.services.transfer.lookup import batches

# As many rows are asked for at once; SQLite takes 32,766 parameters at most.
MANY = 1000


@dataclass(frozen=True, slots=True)
class SiteDefaults:
    """What holds for every extension that says nothing else, in seconds.

    ``sorcery_cache`` tells that Asterisk keeps objects of chan_pjsip in memory (sorcery_cache.py),
    ``can_link`` that the portal's address is known, so that mails can link to it; ``secrets`` says
    how SIP secrets are stored.
    """

    qualify_frequency: int
    ring_time: int
    sorcery_cache: bool = False
    can_link: bool = False
    secrets: SipSecrets = IN_CLEAR


async def look_up(
    number: str, transaction: TransactionalDBClient | None = None
) -> Extension | None:
    """Return the portal's row; None if there is none of that number, whatever it may be."""
    if not fits(Extension, "number", number):
        return None
    return await Extension.filter(number=number).using_db(transaction).first()


async def find(number: str, transaction: TransactionalDBClient | None = None) -> Extension:
    """Return the portal's row. Raises NotFound."""
    row = await look_up(number, transaction)
    if row is None:
        raise NotFound(f"There is no extension {number}.")
    return row


def sealed_columns(
    wanted: ExtensionInput,
    credentials: Credentials,
    site: SiteDefaults,
    row: Extension | None = None,
) -> Mapping[str, str]:
    """Return the columns of sealed secrets; of a present ``row``, what will do stays."""
    if wanted.device_type not in SIP_TYPES:
        return {"sealed_secret": "", "sealed_auth_secret": ""}
    auth_secret = credentials.auth_secret if wanted.auth_username else ""
    seal = site.secrets.sealed
    return {
        "sealed_secret": seal(credentials.secret, wanted.number, row.sealed_secret if row else ""),
        "sealed_auth_secret": seal(
            auth_secret, auth_override_of(wanted.number), row.sealed_auth_secret if row else ""
        ),
    }


def assign(row: Extension, wanted: ExtensionInput, now: datetime) -> None:
    """Put what is wanted into the portal's row; whoever saves it counts the version."""
    set_columns(row, {**columns_of(wanted), **mail_since(row.voicemail_email, wanted, now)})


def set_columns(row: Extension, columns: Mapping[str, object]) -> None:
    """Put these columns into the portal's row."""
    for name, value in columns.items():
        setattr(row, name, value)


async def write_seals(
    transaction: TransactionalDBClient,
    row: Extension,
    wanted: ExtensionInput,
    credentials: Credentials,
    site: SiteDefaults,
) -> None:
    """Seal the secrets of a stored extension as they are to be; what will do stays."""
    columns = sealed_columns(wanted, credentials, site, row)
    if any(getattr(row, name) != value for name, value in columns.items()):
        set_columns(row, columns)
        await Extension.filter(id=row.id).using_db(transaction).update(**columns)


async def write_links(
    transaction: TransactionalDBClient, row: Extension, wanted: ExtensionInput
) -> None:
    """Store which users and DIDs belong to the extension; both were checked."""
    await write_users(transaction, row, wanted.users)
    await write_dids(transaction, row, wanted.dids)


def realtime_rows(
    wanted: ExtensionInput, credentials: Credentials, site: SiteDefaults
) -> RealtimeRows:
    """Return Asterisk's rows of an extension."""
    return rows_of(extension_facts(wanted, credentials, site))


def extension_facts(
    wanted: ExtensionInput, credentials: Credentials, site: SiteDefaults
) -> ExtensionFacts:
    """Return what Asterisk's rows of an extension are made of."""
    return ExtensionFacts(
        number=wanted.number,
        caller_id_name=wanted.caller_id_name,
        device=_device(wanted, credentials, site),
        class_of_service=wanted.class_of_service,
        pin=credentials.pin if wanted.voicemail else None,
        ring_time=wanted.ring_time or site.ring_time,
        forward_all=wanted.forward_all,
        forward_busy=wanted.forward_busy,
        forward_no_answer=wanted.forward_no_answer,
        forward_unregistered=wanted.forward_unregistered,
        do_not_disturb=wanted.do_not_disturb,
        twin=wanted.twinning_number,
        external_caller_id=wanted.external_caller_id,
        emergency_caller_id=wanted.emergency_caller_id,
        phone_group=wanted.phone_group,
        agent_logins=wanted.agent_logins,
        escaped=Tortoise.get_connection("default").capabilities.dialect != "sqlite",
    )


def stored_call_rules(row: Extension, site: SiteDefaults) -> CallRules:
    """Return what becomes of a call for a stored extension, as its row in the dialplan says it."""
    wanted = unparsed({**stored_columns(row), "class_of_service": row.class_of_service_id})
    return call_rules(extension_facts(wanted, NO_CREDENTIALS, site))


async def views(
    rows: Sequence[Extension], transaction: BaseDBAsyncClient | None = None
) -> list[ExtensionView]:
    """Return what is stored of extensions, with the same few queries for one and for many."""
    users: dict[int, list[str]] = {row.id: [] for row in rows}
    dids: dict[int, list[str]] = {row.id: [] for row in rows}
    ids = list(users)
    for first in range(0, len(ids), MANY):
        some = ids[first : first + MANY]
        # From the extensions to their users: the other way round, SQLite reads all users.
        linked = Extension.filter(id__in=some).using_db(transaction)
        for extension_id, login in await linked.values_list("id", "users__login"):
            if login is not None:
                users[extension_id].append(login)
        held = Did.filter(extension_id__in=some).using_db(transaction)
        for extension_id, did in await held.values_list("extension_id", "number"):
            dids[extension_id].append(did)
    waiting = await _waiting([row.number for row in rows], transaction)
    return [
        view_of(row, users=users[row.id], dids=dids[row.id], waiting=row.number in waiting)
        for row in rows
    ]


async def shown_views(rows: Sequence[Extension]) -> list[ExtensionView]:
    """Return what is shown of extensions: how far their invitations are, too.

    That passes by itself, so it is no part of what a save compares.
    """
    now, found = utc_now(), await views(rows)
    states: dict[int, str] = {}
    for some in batches([row.id for row in rows], MANY):
        states |= await states_of(some, now)
    return [
        replace(view, invitation=states.get(row.id, ""))
        for row, view in zip(rows, found, strict=True)
    ]


def _device(wanted: ExtensionInput, credentials: Credentials, site: SiteDefaults) -> Device:
    if wanted.device_type in SIP_TYPES:
        return SipDevice(
            secret=credentials.secret,
            qualify_frequency=site.qualify_frequency if wanted.monitored else 0,
            auth_username=wanted.auth_username,
            auth_secret=credentials.auth_secret,
            algorithms=site.secrets.algorithms(wanted.phone_make),
        )
    if wanted.device_type == DeviceType.IAX2:
        return Iax2Device(secret=credentials.secret, monitored=wanted.monitored)
    if wanted.device_type == DeviceType.DAHDI:
        return DahdiDevice(wanted.dahdi_channel)
    return None


async def write_users(
    transaction: TransactionalDBClient, row: Extension, logins: Collection[str]
) -> None:
    """Associate the extension with these users and no others; unknown ones are left out."""
    wanted: Mapping[str, User] = {}
    if logins:
        known = await User.filter(login__in=list(logins)).using_db(transaction)
        wanted = {user.login: user for user in known}
    present = {user.login: user for user in await row.users.all().using_db(transaction)}
    gone = [user for login, user in present.items() if login not in wanted]
    new = [user for login, user in wanted.items() if login not in present]
    if gone:
        await row.users.remove(*gone, using_db=transaction)
    if new:
        await row.users.add(*new, using_db=transaction)
    # A user's extensions are part of what is shown of the user.
    touched = User.filter(id__in=[user.id for user in (*gone, *new)]).using_db(transaction)
    await touched.update(version=F("version") + 1)


async def write_dids(
    transaction: TransactionalDBClient, row: Extension, numbers: Collection[str]
) -> None:
    """Have these DIDs ring the extension, and no others."""
    held = Did.filter(extension_id=row.id).using_db(transaction)
    present = {str(number) for number in await held.values_list("number", flat=True)}
    gone, new = present - set(numbers), sorted(set(numbers) - present)
    if gone:
        await held.filter(number__in=list(gone)).delete()
        rows = DialplanRow.filter(context=DID_CONTEXT, exten__in=list(gone))
        await rows.using_db(transaction).delete()
    if new:
        dids = [Did(number=number, extension_id=row.id) for number in new]
        await Did.bulk_create(dids, using_db=transaction)
        rows_ = [
            DialplanRow(**dialplan_columns(did_row(did, row.number)))
            for did in new
            if not is_pattern(did)
        ]
        await DialplanRow.bulk_create(rows_, using_db=transaction)
    if any(is_pattern(did) for did in (*gone, *new)):
        await rewrite(transaction)


async def _waiting(numbers: Sequence[str], transaction: BaseDBAsyncClient | None) -> set[str]:
    """Return those that Asterisk is yet to be told of."""
    some = AsteriskNotice.filter(kind__not=NoticeKind.RELOAD_DIALPLAN).using_db(transaction)
    if len(numbers) <= MANY:
        some = some.filter(subject__in=list(numbers))
    return {str(subject) for subject in await some.values_list("subject", flat=True)}
