"""What phone groups and queues have in common: a number, and an extension that gets who is left."""

from __future__ import annotations

from tortoise.backends.base.client import TransactionalDBClient

from dialplan.extension_row import CONTEXT
from dialplan.forward_chain import Hop, find_loop
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.services.calling.call_rules import circle
from pbxbridge.services.calling.checks import wrong_as_number
from pbxbridge.services.calling.forwards import forwarding_to, read_forwards
from pbxbridge.services.calling.inbound import is_extension
from pbxbridge.services.calling.plan import UNKNOWN_DID, read_setting
from pbxbridge.services.extension_fields import NUMBER_LENGTH


async def senders_to(number: str, transaction: TransactionalDBClient | None = None) -> list[str]:
    """Return what sends calls to a number, in words; the first few are enough."""
    found = [f"extension {sender}" for sender in await forwarding_to(number, transaction)]
    if await read_setting(UNKNOWN_DID, transaction) == number:
        found.append("calls to unknown DIDs")
    return found


async def wrong_numbers(
    transaction: TransactionalDBClient, number: str, fallback: str, before: str | None
) -> dict[str, str]:
    """Return what is wrong with the fields ``number`` and ``fallback``, a sentence by field.

    ``before`` is the number until now, None for a new group or queue.
    """
    wrong: dict[str, str] = {}
    if before != number:
        wrong.update(await wrong_as_number(transaction, number))
        if await Extension.filter(number=number).using_db(transaction).exists():
            wrong["number"] = f"There is an extension {number} already."
        if before and (senders := await forwarding_to(before, transaction)):
            sentence = f"Calls are sent to {before} by extension {', '.join(senders)}."
            wrong["number"] = sentence
    if fallback and (why := await _wrong_fallback(transaction, number, fallback)):
        wrong["fallback"] = why
    return wrong


async def erase_number(transaction: TransactionalDBClient, number: str) -> None:
    """Remove the rows by which a number was dialled."""
    await DialplanRow.filter(context=CONTEXT, exten=number).using_db(transaction).delete()


async def _wrong_fallback(transaction: TransactionalDBClient, number: str, fallback: str) -> str:
    if not await is_extension(transaction, fallback):
        return f"There is no extension {fallback[:NUMBER_LENGTH]}."
    forwards = await read_forwards(transaction, [fallback])
    hop = Hop(number, "no answer", fallback)
    loop = find_loop(
        number, lambda asked: (hop,) if asked == hop.number else forwards.get(asked, ())
    )
    return circle(loop) if loop else ""
