"""Forwards and twins lead somewhere, and never in circles: one save, a bulk edit, an import."""

from __future__ import annotations

from typing import Any

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.calling import ClassOfService
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.rig.extensions import delete_knowingly
from tests.rig.transfer import import_rows, transfer_on
from tests.web.forms import add

NOWHERE = "There is no extension {}, and no route that class of service internal could dial it by."
CIRCLE = "Calls could go round in circles: {}."


async def refusal(asked: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields


async def wrong_rows(bus: EventBus, *rows: dict[str, str]) -> list[tuple[str, str]]:
    transfer = transfer_on(bus)
    plan = await transfer.plan(file_of(*rows))
    return [(error.field, error.sentence) for error in plan.errors]


def file_of(*rows: dict[str, str]) -> bytes:
    columns = list(rows[0])
    lines = [",".join(columns), *(",".join(row[name] for name in columns) for row in rows)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("field", ["forward_all", "forward_busy", "twinning_number"])
async def test_a_number_that_leads_nowhere_is_refused(
    extensions: Extensions, admin: Actor, field: str
) -> None:
    assert await refusal(add(extensions, admin, "1001", **{field: "9"})) == {
        field: NOWHERE.format("9")
    }
    await add(extensions, admin, "9")
    await add(extensions, admin, "1001", **{field: "9"})


async def test_all_that_is_wrong_is_told_the_number_too(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    wrong = await refusal(add(extensions, admin, "1001", forward_all="9", class_of_service="x"))
    assert list(wrong) == ["number", "class_of_service"]
    wrong = await refusal(add(extensions, admin, "1001", forward_all="9"))
    assert list(wrong) == ["number", "forward_all"]


@pytest.mark.usefixtures("database")
async def test_a_target_may_come_later_in_the_same_file(bus: EventBus, admin: Actor) -> None:
    await import_rows(
        transfer_on(bus),
        admin,
        {"number": "1001", "caller_id_name": "A", "forward_busy": "1002"},
        {"number": "1002", "caller_id_name": "B", "forward_busy": ""},
    )


async def three_in_a_row(extensions: Extensions, admin: Actor) -> str:
    """1001 forwards to 1002, that to 1003; return the circle that 1003 could close."""
    await add(extensions, admin, "1003")
    await add(extensions, admin, "1002", forward_no_answer="1003")
    await add(extensions, admin, "1001", forward_busy="1002")
    path = "1003 → 1001 (all calls) → 1002 (busy) → 1003 (no answer)"
    return CIRCLE.format(path)


async def test_circles_of_several_hops_are_refused_with_their_path(
    extensions: Extensions, bus: EventBus, admin: Actor
) -> None:
    circle = await three_in_a_row(extensions, admin)
    closing = {"forward_all": "1001"}
    assert await refusal(extensions.update(admin, "1003", closing)) == {"forward_all": circle}
    many = extensions.update_many(admin, ["1003"], closing)
    assert await refusal(many) == {"1003: forward_all": circle}
    assert await wrong_rows(bus, {"number": "1003", **closing}) == [("forward_all", circle)]
    assert (await extensions.get("1003")).forward_all == ""


async def test_a_circle_within_one_file_is_found(
    extensions: Extensions, bus: EventBus, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    await add(extensions, admin, "1002")
    found = await wrong_rows(
        bus,
        {"number": "1001", "forward_busy": "1002"},
        {"number": "1002", "forward_busy": "1001"},
    )
    assert found == [
        ("forward_busy", CIRCLE.format("1001 → 1002 (busy) → 1001 (busy)")),
        ("forward_busy", CIRCLE.format("1002 → 1001 (busy) → 1002 (busy)")),
    ]


async def test_only_what_changes_is_judged(extensions: Extensions, admin: Actor) -> None:
    """A forward of an earlier release may lead nowhere, or in a circle: other saves go through."""
    await add(extensions, admin, "1001")
    await add(extensions, admin, "1002", forward_busy="1001")
    old = {"forward_busy": "1002", "forward_no_answer": "99", "twinning_number": "0170"}
    await Extension.filter(number="1001").update(**old)
    await extensions.update(admin, "1001", {"caller_id_name": "Ada", "ring_time": 30})
    box = {"voicemail": True, "voicemail_pin": "4711"}
    await extensions.update(admin, "1001", box)
    await extensions.update(admin, "1001", {"forward_unregistered": "voicemail"})
    wrong = await refusal(extensions.update(admin, "1001", {"voicemail": False}))
    assert wrong == {"forward_unregistered": "This extension has no voicemail box."}
    await add(extensions, admin, "1003")
    await extensions.update(admin, "1001", {"forward_unregistered": "1003"})
    await delete_knowingly(extensions, admin, "1003")
    assert (await extensions.get("1001")).forward_unregistered == ""


async def test_a_deletion_goes_through_whatever_it_uncovers(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    await add(extensions, admin, "1003")
    await add(extensions, admin, "1002", forward_all="1003", forward_busy="1001")
    await extensions.update(admin, "1001", {"forward_busy": "1002"})
    wrong = await refusal(extensions.update(admin, "1002", {"forward_all": ""}))
    assert list(wrong) == ["forward_busy"]
    await delete_knowingly(extensions, admin, "1003")
    assert (await extensions.get("1002")).forward_all == ""


async def test_a_change_of_class_judges_all_forwards_anew(
    extensions: Extensions, admin: Actor, _outside: None
) -> None:
    await ClassOfService.create(name="lobby", description="")
    await add(extensions, admin, "1001", forward_busy="030", twinning_number="0170")
    wrong = await refusal(extensions.update(admin, "1001", {"class_of_service": "lobby"}))
    assert wrong == {
        "forward_busy": "Class of service lobby may not dial 030: route anywhere is not in it.",
        "twinning_number": "Class of service lobby may not dial 0170: route anywhere is not in it.",
    }
