"""Which extensions a user of the portal is associated with. Asterisk knows nothing of it."""

from __future__ import annotations

from collections.abc import Collection

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import F, Subquery
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from pbxbridge.errors import Invalid
from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User
from pbxbridge.services.extension_fields import MOST_USERS
from pbxbridge.services.transfer.bulk_write import AT_ONCE, BulkWrite
from pbxbridge.services.transfer.lookup import batches
from pbxbridge.services.transfer.rows import LINKS


def linked_to(login: str) -> QuerySet[Extension]:
    """Return the extensions of a user, found by the user: a join would be walked from its end."""
    ids = Subquery(User.filter(login=login).values("extensions__id"))
    return Extension.filter(id__in=ids)


async def extensions_of(
    user_ids: Collection[int], transaction: TransactionalDBClient | None = None
) -> dict[int, list[str]]:
    """Return the numbers of these users' extensions, in dialling order."""
    linked: dict[int, list[str]] = {user_id: [] for user_id in user_ids}
    found = User.filter(id__in=list(user_ids)).using_db(transaction)
    rows = await found.order_by("extensions__sort_key").values_list("id", "extensions__number")
    for user_id, number in rows:
        if number is not None:
            linked[int(user_id)].append(str(number))
    return linked


async def link(
    transaction: TransactionalDBClient, user: User, numbers: Collection[str]
) -> list[str]:
    """Associate a user with exactly these extensions; return the numbers in dialling order.

    The extensions' versions count it as a change: a form that shows their users is then stale.
    Raises Invalid for the field ``extensions``.
    """
    before = {row.number: row.id for row in await linked_to(user.login).using_db(transaction)}
    wanted = Extension.filter(number__in=list(numbers)).using_db(transaction)
    after = {row.number: row.id for row in await wanted.order_by("sort_key")}
    if unknown := sorted(set(numbers) - after.keys()):
        raise Invalid({"extensions": f"There is no extension {', '.join(unknown)}."})
    gone = [before[number] for number in before.keys() - after.keys()]
    new = [after[number] for number in after.keys() - before.keys()]
    await _check_room(transaction, new)
    links = BulkWrite()
    for id_ in gone:
        links.delete(LINKS, {"extension_id": id_, "user_id": user.id})
    for id_ in new:
        links.insert(LINKS, {"extension_id": id_, "user_id": user.id})
    await links.write(transaction, lambda _: None)
    for some in batches([*gone, *new], AT_ONCE):
        touched = Extension.filter(id__in=some).using_db(transaction)
        await touched.update(version=F("version") + 1)
    return list(after)


async def _check_room(transaction: TransactionalDBClient, ids: Collection[int]) -> None:
    """Raise Invalid if one of these extensions has as many users as it can have."""
    for some in batches(ids, AT_ONCE):
        found = Extension.filter(id__in=some).using_db(transaction).annotate(has=Count("users"))
        full = await found.filter(has__gte=MOST_USERS).order_by("sort_key").first()
        if full:
            sentence = f"Extension {full.number} has {MOST_USERS} users, and can have no more."
            raise Invalid({"extensions": sentence})
