"""Which extensions a user of the portal is associated with. Asterisk knows nothing of it."""

from __future__ import annotations

from collections.abc import Collection

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import F

from pbxbridge.errors import Invalid
from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User


async def extensions_of(
    user_ids: Collection[int], transaction: TransactionalDBClient | None = None
) -> dict[int, list[str]]:
    """Return the numbers of these users' extensions, in dialling order."""
    linked: dict[int, list[str]] = {user_id: [] for user_id in user_ids}
    found = Extension.filter(users__id__in=list(user_ids)).using_db(transaction)
    rows = await found.order_by("sort_key").values_list("users__id", "number")
    for user_id, number in rows:
        linked[int(user_id)].append(str(number))
    return linked


async def link(
    transaction: TransactionalDBClient, user: User, numbers: Collection[str]
) -> list[str]:
    """Associate a user with exactly these extensions; return the numbers in dialling order.

    The extensions' versions count it as a change: a form that shows their users is then stale.
    Raises Invalid for the field ``extensions``.
    """
    present = Extension.filter(users__id=user.id).using_db(transaction)
    before = {row.number: row for row in await present}
    wanted = Extension.filter(number__in=list(numbers)).using_db(transaction)
    after = {row.number: row for row in await wanted.order_by("sort_key")}
    if unknown := sorted(set(numbers) - after.keys()):
        raise Invalid({"extensions": f"There is no extension {', '.join(unknown)}."})
    for number in before.keys() - after.keys():
        await before[number].users.remove(user, using_db=transaction)
    for number in after.keys() - before.keys():
        await after[number].users.add(user, using_db=transaction)
    if changed := before.keys() ^ after.keys():
        touched = Extension.filter(number__in=list(changed)).using_db(transaction)
        await touched.update(version=F("version") + 1)
    return list(after)
