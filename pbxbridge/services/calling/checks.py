"""What the rest of the site says against an extension: numbers, forwards, twin.

Everything here works in the transaction that is to save it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.calling import PhoneGroup
from pbxbridge.services.calling.call_rules import OutsideRules, wrong_calls
from pbxbridge.services.calling.forwards import read_forwards
from pbxbridge.services.calling.plan import read_plan
from pbxbridge.services.extension_input import TARGETS, ExtensionInput
from pbxbridge.services.extension_view import ExtensionView


async def wrong_as_number(transaction: TransactionalDBClient, number: str) -> Mapping[str, str]:
    """Return why no extension, group or queue can have this number, a sentence by field."""
    group = await PhoneGroup.filter(number=number).using_db(transaction).first()
    if group:
        return {"number": f"This is the number of phone group {group.name}."}
    queue = await CallQueue.filter(number=number).using_db(transaction).first()
    if queue:
        return {"number": f"This is the number of queue {queue.name}."}
    if route := OutsideRules(await read_plan(transaction)).is_emergency(number):
        return {"number": f"This is an emergency number (route {route})."}
    return {}


async def wrong_forwards(
    transaction: TransactionalDBClient, wanted: ExtensionInput, before: ExtensionView | None
) -> Mapping[str, str]:
    """Return what is wrong with forwards and twin, a sentence by field."""
    targets = {getattr(wanted, name) for name in TARGETS} - {""}
    if not targets:
        return {}
    forwards = await read_forwards(transaction, targets)
    rules = OutsideRules(await read_plan(transaction))
    return wrong_calls(wanted, before, rules, forwards.get)
