"""Reads the newest invitation of extensions: the one that counts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Subquery
from tortoise.functions import Max

from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.models.phone import Invitation
from pbxbridge.services.invitations.state import settled_state, state_of


async def newest_of(
    extension_id: int, transaction: BaseDBAsyncClient | None = None
) -> Invitation | None:
    """Return the newest invitation of an extension."""
    own = Invitation.filter(extension_id=extension_id).using_db(transaction)
    return await own.order_by("-id").first()


async def states_of(
    ids: Collection[int], now: datetime, transaction: BaseDBAsyncClient | None = None
) -> dict[int, str]:
    """Return the state of the newest invitation of each of these extensions that has one.

    A second query is made only if some mail is yet to have its effect.
    """
    some = Invitation.filter(extension_id__in=list(ids))
    newest = some.annotate(newest=Max("id")).group_by("extension_id").values("newest")
    rows = await Invitation.filter(id__in=Subquery(newest)).using_db(transaction)
    keys = [row.mail_key for row in rows if settled_state(row, now) is None]
    mails: dict[str, MailState] = {}
    if keys:
        found = OutgoingMail.filter(dedupe_key__in=keys).using_db(transaction)
        mails = {
            str(key): MailState(state)
            for key, state in await found.values_list("dedupe_key", "state")
        }
    return {row.extension_id: str(state_of(row, mails.get(row.mail_key), now)) for row in rows}
