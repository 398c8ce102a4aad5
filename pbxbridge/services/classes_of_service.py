"""Classes of service: the built-in ``internal`` dials extensions and feature codes."""

from tortoise.backends.base.client import TransactionalDBClient

from dialplan.class_of_service import FILENAME, class_of_service_lines, context_of
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import ClassOfService
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.models.realtime import StaticConfigRow

BUILT_IN = {"internal": "Extensions and feature codes"}


async def ensure_built_in() -> None:
    """Create the built-in classes, so that a fresh Asterisk finds their contexts at its start."""
    async with write_transaction() as transaction:
        for name, description in BUILT_IN.items():
            await ClassOfService.get_or_create(
                {"description": description}, using_db=transaction, name=name
            )
            await ensure_context(transaction, name)


async def ensure_context(transaction: TransactionalDBClient, name: str) -> None:
    """Write the context of a class of service; if it changed, Asterisk will be told to reload.

    A new or changed context is the one thing in the tables that Asterisk must be told of.
    """
    category = context_of(name)
    lines = class_of_service_lines(name)
    stored = StaticConfigRow.filter(filename=FILENAME, category=category).using_db(transaction)
    present = await stored.order_by("var_metric").values_list("var_metric", "var_name", "var_val")
    if list(present) == [(line.var_metric, line.var_name, line.var_val) for line in lines]:
        return
    last = (
        await StaticConfigRow.filter(filename=FILENAME)
        .using_db(transaction)
        .order_by("-cat_metric")
        .first()
    )
    own = await stored.first()
    place = own.cat_metric if own else (last.cat_metric + 1 if last else 0)
    await stored.delete()
    for line in lines:
        await StaticConfigRow.create(
            using_db=transaction,
            cat_metric=place,
            commented=0,
            filename=line.filename,
            category=line.category,
            var_metric=line.var_metric,
            var_name=line.var_name,
            var_val=line.var_val,
        )
    await AsteriskNotice.create(
        using_db=transaction, kind=NoticeKind.RELOAD_DIALPLAN, subject=category
    )
