"""What an administrator does with extensions: list, create, edit, delete, read the secret.

Every change is one transaction: portal row, Asterisk's realtime rows, what Asterisk must be told,
audit entry. It never waits for Asterisk, so a save works while the PBX is down.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.functions import Length

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.events import EventBus, ExtensionDeleted, ExtensionSaved, OutboxChanged
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import ClassOfService, Extension
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.realtime.rows import ExtensionFacts, RealtimeRows, mailbox_of, rows_of
from pbxbridge.services import audit, realtime_writer
from pbxbridge.services.accounts import utc_now
from pbxbridge.services.actor import Actor
from pbxbridge.services.classes_of_service import ensure_context
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.realtime_writer import RealtimeWriter

# 24 letters and digits are 142 bits, and survive being typed on a phone's keypad.
SECRET_LENGTH = 24
SECRET_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class ExtensionView:
    """An extension as the screen shows it.

    ``waiting`` means that it is saved, but Asterisk is yet to be told.
    """

    number: str
    device_type: str
    caller_id_name: str
    class_of_service: str
    monitored: bool
    voicemail: bool
    voicemail_email: str
    forward_all: str
    waiting: bool


@dataclass(frozen=True, slots=True)
class ExtensionPage:
    """One page of the list; ``page`` counts from 1, ``total`` is over all pages."""

    items: list[ExtensionView]
    total: int
    page: int
    pages: int


class Extensions:
    """The extensions of the PBX."""

    def __init__(
        self,
        bus: EventBus,
        *,
        qualify_frequency: int,
        ring_time: int,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Write ``qualify_frequency`` and ``ring_time``, in seconds, for every extension."""
        self._bus = bus
        self._qualify_frequency = qualify_frequency
        self._ring_time = ring_time
        self._now = clock

    async def page(self, search: str = "", page: int = 1, per_page: int = 50) -> ExtensionPage:
        """Return one page, in dialling order, of those whose number or name contains ``search``."""
        found = Extension.all()
        if search:
            found = found.filter(Q(number__contains=search) | Q(caller_id_name__icontains=search))
        total = await found.count()
        pages = max(1, -(-total // per_page))
        page = min(max(1, page), pages)
        rows = (
            await found.annotate(digits=Length("number"))
            .order_by("digits", "number")
            .offset((page - 1) * per_page)
            .limit(per_page)
        )
        waiting = await self._waiting([row.number for row in rows])
        return ExtensionPage(
            [_view(row, row.number in waiting) for row in rows], total, page, pages
        )

    async def get(self, number: str) -> ExtensionView:
        """Return one extension. Raises NotFound."""
        row = await _find(number)
        return _view(row, row.number in await self._waiting([number]))

    async def monitored(self) -> dict[str, bool]:
        """Return every extension's number and whether its device is monitored."""
        return dict(await Extension.all().values_list("number", "monitored"))

    async def classes_of_service(self) -> list[str]:
        """Return the names of the classes of service to choose from."""
        names = await ClassOfService.all().order_by("name").values_list("name", flat=True)
        return [str(name) for name in names]

    async def create(self, actor: Actor, wanted: ExtensionInput) -> tuple[ExtensionView, str]:
        """Create an extension; return it with its random secret. Raises Invalid per field."""
        if wanted.voicemail and not wanted.voicemail_pin:
            raise Invalid({"voicemail_pin": "A voicemail box needs a PIN."})
        secret = new_secret()
        async with write_transaction() as transaction:
            if await Extension.filter(number=wanted.number).using_db(transaction).exists():
                raise Invalid({"number": f"Extension {wanted.number} exists already."})
            if await _is_being_forgotten(transaction, wanted.number):
                sentence = "What was left of the old extension is still being removed. Try again."
                raise Invalid({"number": sentence})
            await _check_class(transaction, wanted.class_of_service)
            row = Extension(number=wanted.number, device_type=wanted.device_type)
            _assign(row, wanted, self._now())
            await row.save(using_db=transaction)
            await self._insert(transaction, row, secret, wanted.voicemail_pin)
            await audit.record(
                transaction, actor, "extension.created", row.number, after=_audited(row)
            )
        return await self._saved(row), secret

    async def update(self, actor: Actor, number: str, wanted: ExtensionInput) -> ExtensionView:
        """Change an extension; an empty PIN keeps the box's. Raises Invalid per field, NotFound."""
        if wanted.number != number:
            raise Invalid({"number": "The number of an extension cannot be changed."})
        async with write_transaction() as transaction:
            row = await _find(number, transaction)
            await _check_class(transaction, wanted.class_of_service)
            pin = wanted.voicemail_pin or await realtime_writer.stored_pin(number)
            if wanted.voicemail and not pin:
                raise Invalid({"voicemail_pin": "A voicemail box needs a PIN."})
            before, was_monitored = _audited(row), row.monitored
            _assign(row, wanted, self._now())
            await row.save(using_db=transaction)
            await self._write(transaction, row, await realtime_writer.stored_secret(number), pin)
            if row.monitored != was_monitored:
                await _notify(transaction, NoticeKind.REFRESH_QUALIFY, number)
            await audit.record(
                transaction, actor, "extension.changed", number, before, _audited(row)
            )
            if wanted.voicemail_pin:
                await audit.record(transaction, actor, "extension.pin-changed", number)
        return await self._saved(row)

    async def delete(self, actor: Actor, number: str) -> None:
        """Delete an extension with its mailbox and messages. Raises NotFound."""
        async with write_transaction() as transaction:
            row = await _find(number, transaction)
            await RealtimeWriter(transaction).erase(number)
            await row.delete(using_db=transaction)
            await _notify(transaction, NoticeKind.FORGET_CONTACTS, number)
            await _notify(transaction, NoticeKind.FORGET_MAILBOX, mailbox_of(number))
            await audit.record(
                transaction, actor, "extension.deleted", number, before=_audited(row)
            )
        self._bus.publish(ExtensionDeleted(number))
        self._bus.publish(OutboxChanged())

    async def secret(self, actor: Actor, number: str) -> str:
        """Return the SIP secret; that it was read is audited. Raises NotFound."""
        async with write_transaction() as transaction:
            await _find(number, transaction)
            await audit.record(transaction, actor, "extension.secret-read", number)
            return await realtime_writer.stored_secret(number)

    async def regenerate_secret(self, actor: Actor, number: str) -> str:
        """Give the extension a new random secret and return it. Raises NotFound."""
        secret = new_secret()
        async with write_transaction() as transaction:
            row = await _find(number, transaction)
            await self._write(transaction, row, secret, await realtime_writer.stored_pin(number))
            await audit.record(transaction, actor, "extension.secret-regenerated", number)
        return secret

    async def _insert(
        self, transaction: TransactionalDBClient, row: Extension, secret: str, pin: str
    ) -> None:
        await ensure_context(transaction, row.class_of_service_id)
        try:
            await RealtimeWriter(transaction).insert(self._rows(row, secret, pin))
        except IntegrityError as taken:
            sentence = f"Asterisk's tables hold a {row.number} that was not made here."
            raise Invalid({"number": sentence}) from taken

    async def _write(
        self, transaction: TransactionalDBClient, row: Extension, secret: str, pin: str
    ) -> None:
        await ensure_context(transaction, row.class_of_service_id)
        await RealtimeWriter(transaction).write(row.number, self._rows(row, secret, pin))

    def _rows(self, row: Extension, secret: str, pin: str) -> RealtimeRows:
        return rows_of(
            ExtensionFacts(
                number=row.number,
                caller_id_name=row.caller_id_name,
                secret=secret,
                class_of_service=row.class_of_service_id,
                pin=pin if row.voicemail else None,
                forward_all=row.forward_all,
                qualify_frequency=self._qualify_frequency if row.monitored else 0,
                ring_time=self._ring_time,
            )
        )

    async def _saved(self, row: Extension) -> ExtensionView:
        self._bus.publish(ExtensionSaved(row.number, row.monitored))
        subjects = {notice["subject"] for notice in await AsteriskNotice.all().values("subject")}
        if subjects:
            self._bus.publish(OutboxChanged())
        return _view(row, row.number in subjects)

    async def _waiting(self, numbers: list[str]) -> set[str]:
        subjects = await AsteriskNotice.filter(subject__in=numbers).values_list(
            "subject", flat=True
        )
        return {str(subject) for subject in subjects}


def new_secret() -> str:
    """Return a random SIP secret of 24 letters and digits (142 bits)."""
    return "".join(secrets.choice(SECRET_ALPHABET) for _ in range(SECRET_LENGTH))


async def _find(number: str, transaction: TransactionalDBClient | None = None) -> Extension:
    row = await Extension.filter(number=number).using_db(transaction).first()
    if row is None:
        raise NotFound(f"There is no extension {number}.")
    return row


async def _is_being_forgotten(transaction: TransactionalDBClient, number: str) -> bool:
    """Whether Asterisk is yet to forget an extension of that number.

    Told later, it would throw out the new owner's phone, or leave them the old messages.
    """
    pending = AsteriskNotice.filter(
        kind__in=[NoticeKind.FORGET_CONTACTS, NoticeKind.FORGET_MAILBOX],
        subject__in=[number, mailbox_of(number)],
    )
    return await pending.using_db(transaction).exists()


async def _check_class(transaction: TransactionalDBClient, name: str) -> None:
    if not await ClassOfService.filter(name=name).using_db(transaction).exists():
        raise Invalid({"class_of_service": "Choose one of the list."})


async def _notify(transaction: TransactionalDBClient, kind: NoticeKind, subject: str) -> None:
    await AsteriskNotice.create(using_db=transaction, kind=kind, subject=subject)


def _assign(row: Extension, wanted: ExtensionInput, now: datetime) -> None:
    if not wanted.voicemail_email:
        row.mail_since = None
    elif not row.voicemail_email:
        row.mail_since = now
    row.caller_id_name = wanted.caller_id_name
    row.class_of_service_id = wanted.class_of_service
    row.monitored = wanted.monitored
    row.voicemail = wanted.voicemail
    row.voicemail_email = wanted.voicemail_email
    row.forward_all = wanted.forward_all


def _audited(row: Extension) -> dict[str, object]:
    return {
        "device_type": row.device_type,
        "caller_id_name": row.caller_id_name,
        "class_of_service": row.class_of_service_id,
        "monitored": row.monitored,
        "voicemail": row.voicemail,
        "voicemail_email": row.voicemail_email,
        "forward_all": row.forward_all,
    }


def _view(row: Extension, waiting: bool) -> ExtensionView:
    return ExtensionView(
        number=row.number,
        device_type=row.device_type,
        caller_id_name=row.caller_id_name,
        class_of_service=row.class_of_service_id,
        monitored=row.monitored,
        voicemail=row.voicemail,
        voicemail_email=row.voicemail_email,
        forward_all=row.forward_all,
        waiting=waiting,
    )
