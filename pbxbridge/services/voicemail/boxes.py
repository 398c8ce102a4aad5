"""All voicemail boxes for whoever looks after the PBX: how full they are, how their mail fares.

Nothing here tells who called or what was said: that is the owner's business alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import structlog
from tortoise.expressions import Q, Subquery
from tortoise.functions import Max

from pbxbridge.models.outbox import MailKind, MailState, OutgoingMail
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services.extension_list import ExtensionFilter, read_page
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.mailing.outbox_list import MailView, views
from pbxbridge.services.voicemail.addresses import addresses_of
from pbxbridge.services.voicemail.store import Counts, MessageStore

# More boxes than this are not counted (extension_list.py).
MOST_COUNTED = 1000
# Of the mails of one message to several addresses, the one to look after comes first.
GRAVITY = (
    *(MailState.DEAD, MailState.HELD, MailState.WAITING),
    *(MailState.DROPPED, MailState.SENT),
)

Sort = Literal["number", "caller_id_name"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BoxView:
    """The voicemail box of an extension, and the addresses that its messages are mailed to.

    ``counts`` is None if it cannot be read now, ``last`` if no message of it was to be mailed yet.
    """

    extension: ExtensionView
    addresses: tuple[str, ...]
    counts: Counts | None
    last: MailView | None


@dataclass(frozen=True, slots=True)
class BoxPage:
    """One page of the list; all but the items is as in ExtensionPage."""

    items: list[BoxView]
    total: int
    page: int
    pages: int
    is_capped: bool


class VoicemailBoxes:
    """The boxes of all extensions that have voicemail."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store

    async def page(
        self, search: str, page: int, per_page: int, *, sort: Sort, descending: bool
    ) -> BoxPage:
        """Return one page; only its boxes are looked into. ``search`` is as in the extensions."""
        wanted = ExtensionFilter(search=search, voicemail=True, sort=sort, descending=descending)
        found = await read_page(wanted, page, per_page, MOST_COUNTED)
        last = await last_mails([each.number for each in found.items])
        items = [
            BoxView(
                extension=each,
                addresses=addresses_of(each.voicemail_email),
                counts=await self.counts(each.number),
                last=last.get(each.number),
            )
            for each in found.items
        ]
        return BoxPage(items, found.total, found.page, found.pages, found.is_capped)

    async def counts(self, number: str) -> Counts | None:
        """Count the messages of a box; None if it cannot be read now."""
        try:
            return await self._store.counts(MAILBOX_CONTEXT, number)
        except OSError as why:
            log.warning("voicemail.not_counted", mailbox=number, reason=str(why))
            return None


async def last_mails(numbers: Collection[str]) -> Mapping[str, MailView]:
    """Return what became of the newest message of each box, by the box's number.

    A message to several addresses is several mails: the one that fared worst tells.
    """
    mails = OutgoingMail.filter(kind=MailKind.VOICEMAIL, mailbox__in=list(numbers))
    newest = mails.annotate(last=Max("id")).group_by("mailbox").values("last")
    messages = await OutgoingMail.filter(id__in=Subquery(newest)).values_list("mailbox", "msg_id")
    if not messages:
        return {}
    same = Q(*(Q(mailbox=mailbox, msg_id=msg_id) for mailbox, msg_id in messages), join_type="OR")
    found: dict[str, MailView] = {}
    for mail in await views(mails.filter(same), MOST_COUNTED):
        worst = found.setdefault(mail.mailbox, mail)
        if GRAVITY.index(mail.state) < GRAVITY.index(worst.state):
            found[mail.mailbox] = mail
    return found
