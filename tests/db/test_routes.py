"""Routes: lines of every class of service; emergency calls come first, and nothing is broken."""

from __future__ import annotations

from typing import Any

import pytest

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import StaticConfigRow
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.rig.calling import Calling, calling_on
from tests.web.forms import add

TRUNK = {"name": "carrier", "host": "sip.carrier.example"}


@pytest.fixture
async def site(database: str, bus: EventBus, admin: Actor) -> Calling:
    """A site with a trunk."""
    calling = calling_on(bus)
    await calling.trunks.create(admin, TRUNK)
    await AsteriskNotice.all().delete()
    return calling


async def lines(category: str) -> list[str]:
    rows = StaticConfigRow.filter(category=category).order_by("var_metric")
    return [str(value) for value in await rows.values_list("var_val", flat=True)]


async def route(site: Calling, admin: Actor, name: str, pattern: str, **more: Any) -> None:
    values = {"name": name, "pattern": pattern, "trunks": ["carrier"], **more}
    await site.routes.create(admin, values)


async def refusal(asked: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields


async def test_a_route_is_allowed_where_a_class_has_it_and_refused_elsewhere(
    site: Calling, admin: Actor
) -> None:
    await route(site, admin, "national", "_0Z.", strip=1, prepend="+49")
    assert await lines("routes-internal") == ["_0Z.,1,Gosub(sub-refuse,s,1(national))"]
    await site.classes.update(admin, "internal", {"routes": ["national"]})
    assert await lines("routes-internal") == ["_0Z.,1,Gosub(sub-route,s,1(national,1,+49,carrier))"]
    assert "routes-internal" in await lines("cos-internal")


async def test_an_emergency_route_is_in_every_class_before_anything_else(
    site: Calling, admin: Actor
) -> None:
    await site.classes.create(admin, {"name": "lobby"})
    await route(site, admin, "emergency", "112", emergency=True)
    for category in ("cos-internal", "cos-lobby"):
        first, *_ = await lines(category)
        assert first == "112,1,Gosub(sub-route,s,1(emergency,0,,carrier,emergency))"


async def test_a_description_is_nothing_to_asterisk(site: Calling, admin: Actor) -> None:
    await route(site, admin, "national", "_0Z.")
    await AsteriskNotice.all().delete()
    before = await StaticConfigRow.all().values()
    assert (await site.routes.update(admin, "national", {"description": "x"})).version == 2
    assert await StaticConfigRow.all().values() == before
    assert not await AsteriskNotice.exists()


async def test_what_is_used_is_not_deleted_and_who_uses_it_is_named(
    site: Calling, admin: Actor
) -> None:
    await route(site, admin, "national", "_0Z.")
    await site.classes.update(admin, "internal", {"routes": ["national"]})
    with pytest.raises(Conflict, match="class of service internal"):
        await site.routes.delete(admin, "national")
    with pytest.raises(Conflict, match="route national"):
        await site.trunks.delete(admin, "carrier")


async def test_an_older_form_changes_nothing(site: Calling, admin: Actor) -> None:
    await route(site, admin, "national", "_0Z.")
    await site.routes.update(admin, "national", {"prepend": "9"})
    with pytest.raises(Conflict, match="changed meanwhile"):
        await site.routes.update(admin, "national", {"prepend": "8"}, version=1)


async def test_no_route_swallows_an_emergency_number(site: Calling, admin: Actor) -> None:
    await route(site, admin, "emergency", "_11X", emergency=True)
    wrong = await refusal(route(site, admin, "short", "110"))
    assert "110 is an emergency number" in wrong["pattern"]
    await route(site, admin, "wide", "_X.")


async def test_no_emergency_route_takes_what_is_there(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "112")
    await site.groups.create(admin, {"name": "Sales", "number": "600"})
    for pattern, what in (("112", "extension 112"), ("_6XX", "phone group 600"), ("_*9.", "*97")):
        wrong = await refusal(route(site, admin, "emergency", pattern, emergency=True))
        assert what in wrong["pattern"]


async def test_nothing_gets_an_emergency_number(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await route(site, admin, "emergency", "112", emergency=True)
    sentence = {"number": "This is an emergency number (route emergency)."}
    assert await refusal(add(extensions, admin, "112")) == sentence
    assert await refusal(site.groups.create(admin, {"name": "Sales", "number": "112"})) == sentence
    wrong = await refusal(add(extensions, admin, "1001", forward_all="112"))
    assert "emergency number" in wrong["forward_all"]


async def test_a_change_that_would_break_a_forward_is_refused_with_its_name(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await route(site, admin, "national", "_0Z.")
    await site.classes.update(admin, "internal", {"routes": ["national"]})
    await add(extensions, admin, "1001", forward_busy="030123")
    broken = "Forwards and twins would not be possible any more: 1001 → 030123."
    changed = site.routes.update(admin, "national", {"pattern": "_00."})
    assert await refusal(changed) == {"pattern": broken}
    narrowed = site.classes.update(admin, "internal", {"routes": []})
    assert await refusal(narrowed) == {"routes": broken}
    closed = site.classes.update(admin, "internal", {"asks_pin": True, "pin": "4711"})
    assert await refusal(closed) == {"routes": broken}
    assert await refusal(route(site, admin, "close", "_030X.")) == {"pattern": broken}
    await extensions.update(admin, "1001", {"forward_busy": ""})
    await site.routes.update(admin, "national", {"pattern": "_00."})
