"""What an administrator does with invitations: send one, send a new one, revoke it.

Each is one transaction: the invitation, its mail in the outbox, the audit entry.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus, InvitationsChanged, OutboxChanged
from pbxbridge.mail.invitation_message import invitation_email
from pbxbridge.mail.new_mail import new_message_id
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import MailKind, OutgoingMail
from pbxbridge.models.people import User
from pbxbridge.models.phone import Invitation
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.extension_store import find
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.invitations.newest import newest_of
from pbxbridge.services.invitations.softphone import Softphone
from pbxbridge.services.invitations.state import (
    OPEN,
    InvitationState,
    Invited,
    state_of,
    why_no_link,
    why_not_for,
)
from pbxbridge.services.invitations.withdrawing import mailbox_of_invitations, revoke_open
from pbxbridge.services.mailing.plain_mail import checked_recipient, plain_mail
from pbxbridge.services.secret_links import INVITATION_PATH, hash_of, new_token
from pbxbridge.services.voicemail.addresses import addresses_of


@dataclass(frozen=True, slots=True)
class InvitationView:
    """The newest invitation of an extension; moments are in UTC.

    ``mail_problem`` is what the mail server said last. ``visit_until`` is when the browser that
    claimed it can no longer show the password, None if it already cannot.
    """

    state: InvitationState
    recipient: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    claimed_at: datetime | None
    revoked_at: datetime | None
    visit_until: datetime | None
    mail_problem: str

    @property
    def is_open(self) -> bool:
        """Whether its link is good."""
        return self.state in OPEN

    @property
    def can_be_revoked(self) -> bool:
        """Whether there is anything that a revocation would end."""
        return self.is_open or self.visit_until is not None


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all invitations: who mails them, a bare address, and how their links begin.

    A link is good as long as ``valid``, in whole hours. ``is_softphone`` tells of a phone make
    whether it is one.
    """

    sender: str
    public_url: str
    valid: timedelta
    is_softphone: Callable[[str], bool]
    softphone: Softphone


class Invitations:
    """Invitations, as administrators see them."""

    def __init__(
        self, bus: EventBus, terms: Terms, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """Tell the time by ``clock`` (with a zone)."""
        self._bus = bus
        self._terms = terms
        self._now = clock

    @property
    def softphone(self) -> Softphone:
        """What people are invited to."""
        return self._terms.softphone

    def fits(self, extension: Invited) -> bool:
        """Whether people can be invited to an extension, as far as that is its own affair."""
        return not self.why_not_to(extension)

    def why_not_to(self, extension: Invited) -> str:
        """Return why nobody can be invited to the extension; empty if they can be."""
        return why_not_for(extension, is_softphone=self._terms.is_softphone(extension.phone_make))

    def why_not(self, extension: Invited) -> str:
        """Return why no invitation can be sent, as a sentence; empty if one can be."""
        return self.why_not_to(extension) or why_no_link(self._terms.public_url)

    async def newest(self, number: str) -> InvitationView | None:
        """Return the newest invitation to an extension. Raises NotFound."""
        row = await newest_of((await find(number)).id)
        if row is None:
            return None
        mail = await OutgoingMail.filter(dedupe_key=row.mail_key).first()
        now = self._now()
        return InvitationView(
            state=state_of(row, mail.state if mail else None, now),
            recipient=row.recipient,
            invited_by=row.invited_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            sent_at=mail.sent_at if mail else None,
            opened_at=row.opened_at,
            claimed_at=row.claimed_at,
            revoked_at=row.revoked_at,
            visit_until=row.visit_until if row.visit_until and row.visit_until > now else None,
            mail_problem=mail.last_error if mail else "",
        )

    async def suggested_recipient(self, extension: ExtensionView) -> str:
        """Return whom to mail to: the voicemail's first address, else a user's; empty for none."""
        for address in addresses_of(extension.voicemail_email):
            return address
        users = User.filter(login__in=extension.users).exclude(email="").order_by("login")
        user = await users.first()
        return user.email if user else ""

    async def send(self, actor: Actor, number: str, recipient: str) -> None:
        """Invite somebody; earlier links that are not claimed yet are no longer good.

        Raises Invalid for the field ``recipient`` or for the whole, NotFound.
        """
        recipient = checked_recipient(recipient, "recipient")
        async with write_transaction() as transaction:
            extension = await find(number, transaction)
            if why := self.why_not(extension):
                raise Invalid({"": why})
            now = self._now()
            await revoke_open(transaction, extension.id, number, now)
            await self._store(transaction, actor, extension, recipient, now)
            await audit.record(
                transaction, actor, "invitation.sent", number, after={"recipient": recipient}
            )
        self._tell()

    async def revoke(self, actor: Actor, number: str) -> None:
        """End the link, or the visit of who has claimed it. Raises NotFound, Conflict."""
        async with write_transaction() as transaction:
            extension, now = await find(number, transaction), self._now()
            newest = await newest_of(extension.id, transaction)
            is_visited = newest and newest.visit_until and newest.visit_until > now
            is_good = newest and not newest.claimed_at and newest.expires_at > now
            ended = await revoke_open(transaction, extension.id, number, now)
            if newest is None or not (is_visited or (is_good and ended)):
                raise Conflict("There is no invitation that could be revoked any more.")
            await audit.record(
                transaction,
                actor,
                "invitation.revoked",
                number,
                after={"recipient": newest.recipient},
            )
        self._tell()

    async def _store(
        self,
        transaction: TransactionalDBClient,
        actor: Actor,
        extension: Extension,
        recipient: str,
        now: datetime,
    ) -> None:
        """Store the invitation, of its token the hash alone, and the mail that has the token."""
        token, key = new_token(), f"invitation.{secrets.token_hex(16)}"
        await Invitation.create(
            using_db=transaction,
            extension_id=extension.id,
            token_hash=hash_of(token),
            recipient=recipient,
            mail_key=key,
            invited_by=actor.login,
            created_at=now,
            expires_at=now + self._terms.valid,
        )
        mail = invitation_email(
            application=self.softphone.application,
            number=extension.number,
            name=extension.caller_id_name,
            link=self._terms.public_url.rstrip("/") + INVITATION_PATH + token,
            hours=self._terms.valid // timedelta(hours=1),
            sender=self._terms.sender,
            recipient=recipient,
            sent_at=now,
            message_id=new_message_id(key, self._terms.sender),
        )
        row = plain_mail(
            mail,
            kind=MailKind.INVITATION,
            key=key,
            mailbox=mailbox_of_invitations(extension.number),
            recipient=recipient,
            now=now,
        )
        await row.save(using_db=transaction)

    def _tell(self) -> None:
        self._bus.publish(OutboxChanged())
        self._bus.publish(InvitationsChanged())
