"""Takes mails out of the outbox that must not go out any more; what went wrong before is kept."""

from __future__ import annotations

from typing import Any

from tortoise.queryset import QuerySet

from pbxbridge.models.outbox import DISCARDED, ERROR_LENGTH, OutgoingMail


def discarded(why: str, last_error: str) -> dict[str, Any]:
    """Return the columns of a discarded mail; ``why`` is a sentence."""
    reason = f"{why} Before: {last_error}" if last_error else why
    return {**DISCARDED, "last_error": reason[:ERROR_LENGTH]}


async def discard_all(mails: QuerySet[OutgoingMail], why: str) -> None:
    """Discard these mails, in the transaction that they are asked for in."""
    for mail_id, last_error in await mails.values_list("id", "last_error"):
        await mails.filter(id=mail_id).update(**discarded(why, str(last_error)))
