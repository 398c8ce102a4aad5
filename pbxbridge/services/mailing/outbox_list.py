"""The mails of the outbox as the portal lists them: the newest first, without what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from tortoise.queryset import QuerySet

from pbxbridge.models.outbox import OPEN_STATES, MailKind, MailState, OutgoingMail
from pbxbridge.services.column import fits, with_part
from pbxbridge.services.parsing import parse, problem, strip
from pbxbridge.services.stepwise import Pace, steps

PER_PAGE = 50
# Whose mails those of ``mailbox`` are, beside the number of a box.
USER, TESTER, EXTENSION = "user:", "test:", "extension:"
# Nearly every mail is sent: the index of the states would have all of those sorted.
_UNSENT = [state for state in MailState if state is not MailState.SENT]


def _text(typed: str) -> str:
    if not typed.isprintable():
        raise problem("Line breaks and control characters cannot be searched for.")
    return typed


def _or_none(typed: object) -> object:
    return typed or None


Text = Annotated[str, strip, AfterValidator(_text)]


class MailFilter(BaseModel):
    """Which mails; what is empty means any.

    ``mailbox`` is the whole number of a box, or the whole login of a user; ``recipient`` is a part
    of an address.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Annotated[MailState | None, BeforeValidator(_or_none)] = None
    kind: Annotated[MailKind | None, BeforeValidator(_or_none)] = None
    mailbox: Text = ""
    recipient: Text = ""

    @property
    def has_index(self) -> bool:
        """Whether an index leads to few mails."""
        return self.state in _UNSENT or bool(self.mailbox)


@dataclass(frozen=True, slots=True)
class MailView:
    """One mail; moments are in UTC, ``size`` is in bytes, 0 for a mail without content."""

    id: int
    kind: MailKind
    mailbox: str
    recipient: str
    state: MailState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    failed_at: datetime | None
    last_error: str
    size: int

    @property
    def login(self) -> str:
        """Whose mail it is, if it is a user's; else empty."""
        prefix, _, login = self.mailbox.partition(":")
        return login if f"{prefix}:" in (USER, TESTER) else ""

    @property
    def number(self) -> str:
        """Which box or extension it is of, if it is no user's."""
        return self.mailbox.removeprefix(EXTENSION)

    @property
    def can_be_resent(self) -> bool:
        """Whether it was given up with its content. A code for a new password is too old then."""
        is_whole = self.size > 0 and self.kind is not MailKind.PASSWORD_RESET
        return self.state is MailState.DEAD and is_whole

    @property
    def awaits_retry(self) -> bool:
        """Whether it failed, and is to be tried again."""
        return self.state is MailState.WAITING and self.attempts > 0

    @property
    def can_be_discarded(self) -> bool:
        """Whether it is neither sent nor discarded."""
        return self.state in OPEN_STATES


_COLUMNS = tuple(MailView.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class MailPage:
    """Mails, the newest first.

    ``older`` is what the next page is asked for with, None at the end. ``searched_back_to`` is set
    if the page is not full because the search paused: how far it came, in UTC.
    """

    items: list[MailView]
    older: int | None
    searched_back_to: datetime | None = None


def parse_filter(values: Mapping[str, object]) -> MailFilter:
    """Check what was typed. Raises Invalid with one sentence per field."""
    return parse(MailFilter, values)


async def mail_page(
    wanted: MailFilter,
    *,
    older_than: int | None = None,
    per_page: int = PER_PAGE,
    pace: Pace | None = None,
) -> MailPage:
    """Return the newest mails that match, of those with an id below ``older_than``."""
    newest = await views(OutgoingMail.all(), 1)
    end = newest[0].id + 1 if newest else 1
    if older_than is not None:
        end = min(end, older_than)
    spans = [(1, end)] if wanted.has_index else steps(1, end, pace or Pace())
    found: list[MailView] = []
    for start, stop in spans:
        some = _matching(wanted).filter(id__gte=start, id__lt=stop)
        found += await views(some, per_page + 1 - len(found))
        end = start
        if len(found) > per_page:
            return MailPage(found[:per_page], older=found[per_page - 1].id)
    if end <= 1:
        return MailPage(found, older=None)
    [reached] = await views(OutgoingMail.filter(id__gte=end), 1, "id")
    return MailPage(found, older=end, searched_back_to=reached.created_at)


async def views(found: QuerySet[OutgoingMail], limit: int, order: str = "-id") -> list[MailView]:
    """Return what is shown of these mails, without reading what they say."""
    rows = await found.order_by(order).limit(limit).values(*_COLUMNS)
    return [
        MailView(**{**row, "kind": MailKind(row["kind"]), "state": MailState(row["state"])})
        for row in rows
    ]


def of_mailbox(found: QuerySet[OutgoingMail], mailbox: str) -> QuerySet[OutgoingMail]:
    """Leave in the mails of a box, an extension or a user."""
    names = [mailbox, *(prefix + mailbox.lower() for prefix in (USER, TESTER, EXTENSION))]
    return found.filter(mailbox__in=[name for name in names if fits(OutgoingMail, "mailbox", name)])


def _matching(wanted: MailFilter) -> QuerySet[OutgoingMail]:
    found = OutgoingMail.all()
    if wanted.state is MailState.SENT:
        found = found.exclude(state__in=_UNSENT)
    elif wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.mailbox:
        found = of_mailbox(found, wanted.mailbox)
    if wanted.recipient:
        found = with_part(found, ["recipient"], wanted.recipient)
    return found
