"""What cannot be saved of a queue is refused beside its field."""

from __future__ import annotations

import pytest

from pbxbridge.events import EventBus
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.realtime import Queue
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extensions import Extensions
from tests.db.queue_site import SALES, VIRTUAL, queues_to_be, refusal
from tests.rig.calling import calling_on
from tests.web.forms import add


@pytest.fixture
async def queues(database: str, bus: EventBus, extensions: Extensions, admin: Actor) -> Queues:
    return await queues_to_be(bus, extensions, admin)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("name", "", "Enter a name."),
        ("name", "a,b", "Use at most 30 letters, digits and hyphens, such as national-2."),
        ("name", "new", "This name has a meaning of its own. Choose another."),
        ("number", "", "Enter the extension's number."),
        ("number", "60 0", "Use letters and digits only. Digits can be dialled from any phone."),
        ("number", "1001", "There is an extension 1001 already."),
        ("number", "700", "This is the number of phone group Sales."),
        ("number", "112", "This is an emergency number (route emergency)."),
        ("strategy", "roundrobin", "Choose one of the list."),
        ("timeout", "4", "Enter a number from 5 to 300."),
        ("timeout", "301", "Enter a number from 5 to 300."),
        ("timeout", "soon", "Enter a whole number."),
        ("wrap_up", "3601", "Enter a number from 0 to 3600."),
        ("wrap_up", "-1", "Enter a number from 0 to 3600."),
        ("music", "a b", "Enter the name of a class of musiconhold.conf, such as default."),
        ("music", "x" * 41, "Enter the name of a class of musiconhold.conf, such as default."),
        ("max_wait", "86401", "Enter a number from 0 to 86400."),
        ("announce_every", "9", "Enter a number from 10 to 3600, or nothing."),
        ("service_level", "4", "Enter a number from 5 to 3600."),
        ("service_level", "", "Enter a whole number."),
        ("fallback", "9999", "There is no extension 9999."),
        ("fallback", "600", "There is no extension 600."),
        ("fallback", "1" * 30, f"There is no extension {'1' * 20}."),
        ("agents", "101, 999", "There is no agent 999."),
        ("agents", "101 101:5", "101 is named twice."),
        ("agents", "101:21", "A penalty is a number from 0 to 20."),
        ("agents", "101:", "101: is no number, or number:penalty such as 102:5."),
        ("agents", "${X}", "${X} is no number, or number:penalty such as 102:5."),
        ("extensions", "1009", "There is no extension 1009."),
        ("extensions", "1001,1001", "1001 is named twice."),
        ("extensions", "1004", "Extension 1004 has no device that could ring."),
        (
            "extensions",
            "1005",
            "Switch on Monitor status of extension 1005: of a phone that is not "
            "asked Asterisk does not know that it is there, and sends it no calls of queues.",
        ),
        ("agents", " ".join(map(str, range(501))), "A queue has at most 500 members of a kind."),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    queues: Queues,
    bus: EventBus,
    extensions: Extensions,
    admin: Actor,
    field: str,
    value: str,
    why: str,
) -> None:
    await add(extensions, admin, "1004", **VIRTUAL)
    await add(extensions, admin, "1005", monitored=False)
    calling = calling_on(bus)
    await calling.groups.create(admin, {"name": "Sales", "number": "700"})
    await calling.trunks.create(admin, {"name": "carrier", "host": "carrier.example"})
    emergency = {"name": "emergency", "pattern": "112", "trunks": ["carrier"], "emergency": True}
    await calling.routes.create(admin, emergency)
    assert await refusal(queues.create(admin, {**SALES, field: value})) == {field: why}
    assert await CallQueue.all().count() == await Queue.all().count() == 0


async def test_every_wrong_field_is_named_at_once(queues: Queues, admin: Actor) -> None:
    values = {"number": "1001", "fallback": "9", "agents": "9", "extensions": "9"}
    wrong = await refusal(queues.create(admin, {**SALES, **values}))
    assert wrong.keys() == values.keys()


async def test_a_queue_can_be_ordered_from_its_beginning_only(queues: Queues, admin: Actor) -> None:
    why = (
        "Asterisk cannot give this strategy to a queue that is there already: create another one "
        "with it."
    )
    for strategy in ("linear", "rrordered"):
        begun = {"name": strategy, "number": f"60{len(strategy)}", "strategy": strategy}
        await queues.create(admin, begun)
        await queues.update(admin, strategy, {"timeout": 30})
        await queues.update(admin, strategy, {"strategy": "random"})
        wrong = await refusal(queues.update(admin, strategy, {"strategy": strategy}))
        assert wrong == {"strategy": why}


async def test_name_and_number_are_of_one_queue(
    queues: Queues, extensions: Extensions, admin: Actor
) -> None:
    await queues.create(admin, SALES)
    wrong = await refusal(queues.create(admin, {**SALES, "number": "601"}))
    assert wrong == {"name": "There is a queue sales already."}
    wrong = await refusal(queues.create(admin, {**SALES, "name": "support"}))
    assert wrong == {"number": "This is the number of queue sales."}
    wrong = await refusal(add(extensions, admin, "600"))
    assert wrong == {"number": "This is the number of queue sales."}
