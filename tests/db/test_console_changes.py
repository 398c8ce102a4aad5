"""A running bridge learns of what the command line changed."""

import asyncio

from pbxbridge.events import EventBus, ExtensionSaved, OutboxChanged, Technology, TrunksChanged
from pbxbridge.models.realtime import PsEndpoint
from pbxbridge.services.actor import CONSOLE, Actor
from pbxbridge.services.console_changes import STEP, ConsoleChanges
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.reconcile.reconcile import Reconciler
from tests.rig.calling import calling_on
from tests.rig.transfer import import_rows, transfer_on
from tests.web.forms import add


async def test_what_the_command_line_imports_is_told_to_the_running_bridge(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    bus, elsewhere = EventBus(), transfer_on(EventBus())
    changes = ConsoleChanges(bus, poll_seconds=0.01)
    await changes.begin()
    with bus.subscribe() as events:
        task = asyncio.create_task(changes.run())
        try:
            await add(extensions, admin, "1002")
            row = {"caller_id_name": "Ada", "device_type": "IAX2"}
            await import_rows(elsewhere, CONSOLE, {"number": "1003", **row})
            async with asyncio.timeout(5):
                told = [await events.get(), await events.get()]
        finally:
            task.cancel()
    assert told == [ExtensionSaved("1003", True, Technology.IAX2), OutboxChanged()]


async def test_more_than_is_read_at_once_is_told_completely(
    extensions: Extensions, admin: Actor
) -> None:
    bus = EventBus()
    changes = ConsoleChanges(bus, poll_seconds=0.01)
    await changes.begin()
    some = [{"number": str(10_000 + n), "caller_id_name": "Ada"} for n in range(STEP + 20)]
    with bus.subscribe(2 * STEP) as events:
        task = asyncio.create_task(changes.run())
        try:
            await import_rows(transfer_on(EventBus()), CONSOLE, *some)
            told: set[str] = set()
            async with asyncio.timeout(10):
                while len(told) < len(some):
                    match await events.get():
                        case ExtensionSaved(number):
                            told.add(number)
        finally:
            task.cancel()
    assert told == {row["number"] for row in some}


async def test_what_it_repairs_is_told_too(
    extensions: Extensions, admin: Actor, bus: EventBus
) -> None:
    await add(extensions, admin, "1001")
    await calling_on(bus).trunks.create(admin, {"name": "carrier", "host": "192.0.2.1"})
    await PsEndpoint.filter(id="1001").update(context="cos-evil")
    await PsEndpoint.filter(id="trunk-carrier").update(context="cos-evil")
    bridge = EventBus()
    changes = ConsoleChanges(bridge, poll_seconds=0.01)
    await changes.begin()
    with bridge.subscribe() as events:
        task = asyncio.create_task(changes.run())
        try:
            reconciler = Reconciler(SiteDefaults(60, 20))
            await reconciler.repair(CONSOLE, await reconciler.find())
            told: list[object] = []
            async with asyncio.timeout(5):
                while TrunksChanged() not in told or told[-1] != OutboxChanged():
                    told.append(await events.get())
        finally:
            task.cancel()
    assert ExtensionSaved("1001", True, Technology.PJSIP) in told
