"""What the holder of a link does: open it, claim it once, look again within the same visit.

Nobody is signed in here. The link is all the proof there is, so what it opens is little: one new
secret, once.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.queryset import QuerySet

from pbxbridge.errors import NotFound, TooManyAttempts
from pbxbridge.events import EventBus, InvitationsChanged, OutboxChanged
from pbxbridge.models.database import write_transaction
from pbxbridge.models.phone import Invitation
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.state import InvitationState, Invited, settled_state
from pbxbridge.services.invitations.visits import LENGTH, visit_hash
from pbxbridge.services.refusals import Refusals
from pbxbridge.services.secret_links import hash_of, new_token
from pbxbridge.services.sign_in_limit import network_of
from pbxbridge.services.sliding_window import SlidingWindow

WINDOW_SECONDS = 10 * 60.0
WRONG_PER_NETWORK = 20
# Who acts through a link, for the audit: whoever was invited, whatever their name.
INVITED = "invitation"
UNKNOWN = "(no such link)"


class NotGood(NotFound):
    """The link leads nowhere: it is of no invitation, or of one that is over.

    ``number`` is the extension that it led to, empty if it never led anywhere: for the audit, not
    for who asks. ``is_used`` tells that somebody has claimed it.
    """

    def __init__(self, number: str = "", *, is_used: bool = False) -> None:
        super().__init__("This link is not good.")
        self.number = number
        self.is_used = is_used

    @property
    def was_good(self) -> bool:
        """Whether the link was sent to somebody once."""
        return bool(self.number)


class _VisitOver(Exception):
    """Whoever asks has no visit, or had one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An invitation that can be claimed until ``expires_at`` (in UTC)."""

    number: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """What the softphone is told, as long as the visit lasts: ``until``, in UTC."""

    number: str
    secret: str
    until: datetime


class Claiming:
    """Takes links. Each method raises NotGood, and TooManyAttempts for who tries at random."""

    def __init__(
        self,
        bus: EventBus,
        extensions: Extensions,
        fits: Callable[[Invited], bool],
        *,
        clock: Callable[[], datetime] = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """``fits`` tells whether people can be invited to an extension.

        ``clock`` (with a zone) tells how long links are good, ``ticks`` (seconds) counts tries.
        """
        self._bus = bus
        self._extensions = extensions
        self._fits = fits
        self._now = clock
        self._refusals = Refusals(clock=ticks)
        self._wrong = SlidingWindow(WRONG_PER_NETWORK, WINDOW_SECONDS, clock=ticks)

    async def look(self, token: str, address: str) -> Offer:
        """Return what a link offers, and leave no trace of that."""
        await self._check_limit(address)
        try:
            return _offer(await self._good(token))
        except NotGood as why:
            await self._note(address, why)
            raise

    async def open(self, token: str, address: str) -> Offer:
        """Return what a link offers. That it was opened is audited, once.

        Mail scanners follow links as people do: nothing else comes of it.
        """
        offer = await self.look(token, address)
        async with write_transaction() as transaction:
            unopened = Invitation.filter(token_hash=hash_of(token), opened_at__isnull=True)
            is_first = await unopened.using_db(transaction).update(opened_at=self._now())
            if is_first:
                actor = Actor(INVITED, address)
                await audit.record(transaction, actor, "invitation.opened", offer.number)
        if is_first:
            self._bus.publish(InvitationsChanged())
        return offer

    async def claim(self, token: str, address: str) -> str:
        """Give the extension a new secret, and return the token of a visit that may see it.

        However many claim at once, one does. A claim of a link that is no longer good counts as a
        wrong try.
        """
        await self._check_limit(address)
        try:
            async with write_transaction() as transaction:
                visit = await self._claim(
                    transaction, await self._good(token, transaction), address
                )
        except NotGood as why:
            await self._note(address, why, is_claim=True)
            raise
        # The new secret may have to be told to Asterisk.
        self._bus.publish(OutboxChanged())
        self._bus.publish(InvitationsChanged())
        return visit

    async def visited(self, token: str, address: str, visit: str) -> Shown | None:
        """Return the secret to who has claimed the link, while their ``visit`` lasts; else None.

        It lasts no longer than the secret that the claim made, however another one came to be.
        Raises Conflict if no key opens the secret.
        """
        await self._check_limit(address)
        if not visit or not await _of(token).exclude(visit_hash="").exists():
            return None
        try:
            async with write_transaction() as transaction:
                return await self._shown(transaction, token, address, visit)
        except _VisitOver:
            return None

    async def _shown(
        self, transaction: TransactionalDBClient, token: str, address: str, visit: str
    ) -> Shown:
        invitation = await _stored(token, transaction)
        if invitation is None or invitation.visit_until is None:
            raise _VisitOver
        number, actor = invitation.extension.number, Actor(INVITED, address)
        secret = await self._extensions.secret_within(transaction, actor, number)
        is_theirs = hmac.compare_digest(invitation.visit_hash, visit_hash(visit, secret))
        if not is_theirs or invitation.visit_until <= self._now():
            raise _VisitOver  # and nothing was shown: the audit entry goes with the transaction
        return Shown(number, secret, invitation.visit_until)

    async def _claim(
        self, transaction: TransactionalDBClient, invitation: Invitation, address: str
    ) -> str:
        now, visit, number = self._now(), new_token(), invitation.extension.number
        mine = Invitation.filter(id=invitation.id).using_db(transaction)
        unclaimed = mine.filter(claimed_at__isnull=True, revoked_at__isnull=True)
        if not await unclaimed.update(claimed_at=now, opened_at=invitation.opened_at or now):
            raise NotGood(number, is_used=True)
        secret = await self._extensions.new_secret_within(transaction, number)
        await mine.update(visit_hash=visit_hash(visit, secret), visit_until=now + LENGTH)
        after = {"recipient": invitation.recipient}
        await audit.record(
            transaction, Actor(INVITED, address), "invitation.claimed", number, after=after
        )
        return visit

    async def _good(
        self, token: str, transaction: TransactionalDBClient | None = None
    ) -> Invitation:
        """Return the invitation of a link, if it can be claimed now."""
        invitation = await _stored(token, transaction)
        if invitation is None:
            raise NotGood
        extension, state = invitation.extension, settled_state(invitation, self._now())
        if state not in (None, InvitationState.OPENED) or not self._fits(extension):
            raise NotGood(extension.number, is_used=state is InvitationState.CLAIMED)
        return invitation

    async def _check_limit(self, address: str) -> None:
        network = network_of(address)
        if not (wait := self._wrong.wait(network)):
            return
        if self._refusals.is_news(network):
            await self._record(UNKNOWN, address, "too many tries")
        raise TooManyAttempts(wait)

    async def _note(self, address: str, why: NotGood, *, is_claim: bool = False) -> None:
        """Count a try with a wrong link, and write it down.

        Who merely looks at a link that was good once, theirs most likely, does no harm.
        """
        if why.was_good and not is_claim:
            return
        self._wrong.add(network_of(address))
        reason = "unknown link"
        if why.was_good:
            reason = "already used" if why.is_used else "no longer good"
        await self._record(why.number or UNKNOWN, address, reason)

    async def _record(self, subject: str, address: str, reason: str) -> None:
        async with write_transaction() as transaction:
            await self._refusals.record_at(
                transaction, "invitation.refused", subject, address, reason
            )


def _of(token: str, transaction: TransactionalDBClient | None = None) -> QuerySet[Invitation]:
    return Invitation.filter(token_hash=hash_of(token)).using_db(transaction)


async def _stored(
    token: str, transaction: TransactionalDBClient | None = None
) -> Invitation | None:
    return await _of(token, transaction).select_related("extension").first()


def _offer(invitation: Invitation) -> Offer:
    return Offer(invitation.extension.number, invitation.expires_at)
