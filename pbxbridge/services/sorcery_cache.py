"""What Asterisk must drop from its sorcery memory cache after a change, where a site has one.

A cached object is read from the database no more, so its new row would not be seen. What is not
there is not kept in mind (tried on Asterisk 22): a new row is seen at once, and needs no telling.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from tortoise.models import Model

from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import PsAor, PsAuth, PsEndpoint

# What tells of a changed row; the subject of the notice is the row's id. Registrations and
# identifies are read when their modules are reloaded or all at once: no cache serves them.
EXPIRY: Mapping[type[Model], NoticeKind] = MappingProxyType(
    {
        PsEndpoint: NoticeKind.EXPIRE_ENDPOINT,
        PsAuth: NoticeKind.EXPIRE_AUTH,
        PsAor: NoticeKind.EXPIRE_AOR,
    }
)
# Each object takes a few milliseconds to tell, nearly all of them in our own database. All that was
# cached is read anew, one by one as it is used, at about half a millisecond each.
MOST_ALONE = 100

# A table and the id of its row.
Changed = tuple[type[Model], str]


def expiries(changed: Collection[Changed]) -> Iterator[tuple[NoticeKind, str]]:
    """Yield the notices for these rows of EXPIRY: one each, of many one for the whole caches."""
    if len(changed) > MOST_ALONE:
        yield NoticeKind.EXPIRE_CACHES, ""
        return
    for model, row_id in changed:
        yield EXPIRY[model], row_id
